"""What hegui promises on systems that are no server: scan, label and ledger verify."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from hegui.testing import pictures
from hegui.testing.labelled import CODE

ALSO = Path(__file__).with_name("as_on_windows.py")


def test_scan_label_and_verify_need_nothing_that_windows_lacks(
    hegui: Callable[..., Result], settings: Path, tmp_path: Path
) -> None:
    hegui("keys", "create")
    key = hegui("ledger", "vkey").stdout.strip().splitlines()[-1]
    (tmp_path / "hegui-data" / "hegui.db").rename(tmp_path / "copy.db")
    settings.unlink()
    (tmp_path / "a.png").write_bytes(pictures.png())
    asked = [
        (["scan", "-"], "13800138000\n"),
        (["label", "a.png", "-o", "b.png", "--producer", CODE], ""),
        (["label", "read", "b.png", "--json"], ""),
        (["ledger", "verify", "--db", "copy.db", "--vkey", key, "--json"], ""),
    ]
    ran = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-P", ALSO],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LANG": "en_US.UTF-8"},
    )
    assert ran.returncode == 0, ran.stderr
    scanned, made, read, verified = json.loads(ran.stdout)
    assert (scanned[0], "pii.mobile" in scanned[1]) == (1, True), scanned
    assert made[0] == 0, made
    (found,) = json.loads(read[1])["labels"]
    assert found["fields"]["ContentProducer"] == CODE
    report = json.loads(verified[1])
    assert (verified[0], report["ok"], report["logs"][0]["signed"]) == (0, True, True), report
