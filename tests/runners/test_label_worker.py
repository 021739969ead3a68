import resource
import subprocess
import sys
from typing import Any

from hegui.runners.label_frames import Broken, Read, Report
from hegui.runners.label_worker import reply
from hegui.testing.labelled import LABEL


def test_the_process_writes_no_file_and_leaves_no_core_dump() -> None:
    script = (
        "import resource; from hegui.runners.label_worker import bounded; bounded(0);"
        "print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_FSIZE))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)  # noqa: S603 - our own script
    assert told.stdout.decode().split() == ["(0,", "0)", "(0,", "0)"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE) != (0, 0), "and not in this process"


def test_what_is_answered_is_bounded_and_legible_whatever_a_label_holds() -> None:
    evil = LABEL.inner().replace('"a-1"', '"' + "\\u202e\\u0000<b>" * 900 + '"')
    page = f"<meta name=AIGC content='{evil}'>".encode() * 30
    told = reply(Read("a.html"), page)
    assert isinstance(told, Report)
    assert (told.count, len(told.labels)) == (30, 20)
    for label in told.labels:
        assert len(label.raw) <= 2_001
        assert label.fields is not None
        assert all(len(value) <= 401 and value.isprintable() for value in label.fields.values())


def test_an_error_of_our_own_is_an_answer_and_not_the_end() -> None:
    nothing: Any = None
    assert reply(Read("a.png"), nothing) == Broken("error")
