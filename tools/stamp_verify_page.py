"""Write the digests of verify.html's script and style into its policy, after a change."""  # noqa: INP001 - a script

import re
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

PAGE = Path(__file__).parent.parent / "src/hegui/ledger/export/data/verify.html"


def stamped(text: str) -> str:
    """Return the page with a policy that lets only its own script and style run."""
    for tag in ("script", "style"):
        inside = text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        text = re.sub(rf"{tag}-src '[^']*'", f"{tag}-src 'sha256-{digest}'", text)
    return text


if __name__ == "__main__":
    PAGE.write_text(stamped(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}\n")
