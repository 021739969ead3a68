"""C2PA manifests as they are read: what one says, and whether it holds.

In a process of its own (``app.manifest_child``), which is killed when it is late: the library is
native code, and what it reads a stranger may have made. Few imports, for that process starts anew
for every file. Nothing is asked of the network: no manifest elsewhere, no revocation.
"""

import importlib
import importlib.util
import json
import os
import subprocess
import sys
from typing import Any, Final, NamedTuple

from hegui.app.apart import environment
from hegui.app.disk import FileSource
from hegui.labels.container import Format
from hegui.labels.manifests import manifests
from hegui.terms import Misconfigured, Words
from hegui.terms.visible import visible_start

DEADLINE: Final = 20.0
"""Seconds that reading a manifest may take, the start of its process too."""
_PER_SECOND: Final = 16 * 1024 * 1024
SOUND: Final = ("Valid", "Trusted")
_MOST_NAME: Final = 200
_SETTINGS: Final = {
    "version": 1,
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {
        "verify_after_sign": False,  # it is read again here, from what was written
        "remote_manifest_fetch": False,
        "ocsp_fetch": False,
    },
    "core": {"allowed_network_hosts": []},
}


class Shown(NamedTuple):
    """What a file's manifest says of itself.

    ``state`` is ``valid``, ``invalid``, ``unchecked`` (the library is not installed) or
    ``inconclusive``: the process that read it was killed as ``late``, or ``crashed``, and that is
    the fault. Else ``faults`` are C2PA's own codes. That a signer is on no list of trusted ones is
    no fault here: hegui ships no such list. ``parents`` is how many files' manifests are kept in
    it.
    """

    state: str
    signer: str = ""
    at: str = ""
    parents: int = 0
    faults: tuple[str, ...] = ()


def library() -> Any:
    """Return the library; ``Misconfigured`` where it is not installed."""
    try:
        return importlib.import_module("c2pa")
    except ImportError:
        raise Misconfigured(_NOT_INSTALLED) from None


def shown(form: Format, source: FileSource, seconds: float = DEADLINE) -> Shown | None:
    """Say what the manifest of a file says and whether it holds; None for a file without one.

    ``seconds`` is what reading may take, and more of it for a large file: a second for 16 MiB.
    """
    if not manifests(form, source):
        return None
    if importlib.util.find_spec("c2pa") is None:
        return Shown("unchecked")
    patience = seconds + source.size / _PER_SECOND
    command = [sys.executable, "-P", "-m", "hegui.app.manifest_child", form.name]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            stdin=source.handle,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=patience,
            check=True,
            env=environment(),
        )
        told = json.loads(done.stdout)
        return Shown(**told | {"faults": tuple(told["faults"])})
    except subprocess.TimeoutExpired:
        return Shown("inconclusive", faults=("late",))
    except (subprocess.CalledProcessError, ValueError, TypeError, KeyError):
        return Shown("inconclusive", faults=("crashed",))


def read(form: Format, handle: int) -> Shown:
    """Say what the manifest of a file says, here and now: whatever the library does to us."""
    c2pa = library()
    try:
        return _judged(told_by(c2pa, form, handle))
    except c2pa.C2paError as error:
        return Shown("invalid", faults=(plain(str(error).partition(":")[0]),))


def context(c2pa: Any) -> Any:
    """Return the library's settings: no thumbnails, and nobody on the network is asked."""
    return c2pa.Context.from_dict(_SETTINGS)


def told_by(c2pa: Any, form: Format, handle: int) -> dict[str, Any]:
    """Return what the library reads and finds of a file's manifest."""
    with os.fdopen(os.dup(handle), "rb") as file:
        file.seek(0)
        with c2pa.Reader(form.mime[0], file, context=context(c2pa)) as reader:
            told: dict[str, Any] = json.loads(reader.json())
            told["validation_state"] = reader.get_validation_state()
    return told


def _judged(told: dict[str, Any]) -> Shown:
    active = told.get("manifests", {}).get(told.get("active_manifest"), {})
    signature = active.get("signature_info", {})
    codes = [str(one.get("code", "")) for one in told.get("validation_status", [])]
    names = [str(signature[one]) for one in ("common_name", "issuer") if signature.get(one)]
    return Shown(
        "valid" if told["validation_state"] in SOUND else "invalid",
        plain(", ".join(names)),
        plain(str(signature.get("time", ""))),
        sum("active_manifest" in one for one in active.get("ingredients", [])),
        tuple(plain(one) for one in codes if one != "signingCredential.untrusted"),
    )


def plain(text: str) -> str:
    """Return what may be shown of a text that a file or the library gave."""
    return visible_start(text, _MOST_NAME)


_NOT_INSTALLED: Final = Words(
    en="C2PA manifests need a package that is not installed: pip install 'hegui[c2pa]'.",
    zh="C2PA 清单所需的软件包未安装，请运行：pip install 'hegui[c2pa]'。",
)
