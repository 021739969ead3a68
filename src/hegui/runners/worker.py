"""The worker process: loads one plug-in and puts columns before it until its input ends.

Run as ``python -m hegui.runners.worker``. Whatever the plug-in prints goes to standard error, so it
cannot break the protocol. When the parent is gone the input ends and the worker leaves at once,
even if the plug-in hangs.
"""

import contextlib
import hashlib
import importlib
import os
import queue
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, Final, Protocol

from hegui.runners.frames import HEADER, Failed, Found, Inspect, Load, Loaded, pack, request
from hegui.terms import RuleInfo, TextColumn, Words

GROUP: Final = "hegui.detectors"


class PlugIn(Protocol):
    """What a third party writes: ten lines.

    ``rules`` maps a rule's id to a RuleInfo, or just to the risk it is about (``"A.2.e"``).
    ``inspect`` returns a list per text of ``(rule, start, end, score)`` in characters.
    """

    name: str
    version: str
    rules: Mapping[str, RuleInfo | str] | Sequence[RuleInfo]

    def inspect(self, texts: list[str]) -> Sequence[Sequence[tuple[str, int, int, float]]]:
        """Return what is found in each text."""
        ...


def load(plugin: str, options: Mapping[str, Any]) -> tuple[PlugIn, Loaded]:
    """Load ``module:Name``, or an entry point of the group ``hegui.detectors`` by its name."""
    spelt = plugin if ":" in plugin else _entry_point(plugin)
    module_name, _, attributes = spelt.partition(":")
    module = importlib.import_module(module_name)
    found: Any = module
    for attribute in attributes.split("."):
        found = getattr(found, attribute)
    detector: PlugIn = found(**options)
    rules = _rules(detector.rules)
    parts = (
        spelt,
        str(detector.version),
        repr(sorted(options.items())),
        repr(sorted(rules.items())),
    )
    digest = hashlib.sha256("\x1f".join(parts).encode() + _source(module)).hexdigest()
    return detector, Loaded(str(detector.name), str(detector.version), digest, rules)


def _entry_point(name: str) -> str:
    for point in metadata.entry_points(group=GROUP, name=name):
        return point.value
    raise LookupError(f"no entry point {name!r} in the group {GROUP!r}, and no module:Name either")


def _rules(rules: Mapping[str, RuleInfo | str] | Sequence[RuleInfo]) -> dict[str, RuleInfo]:
    if not isinstance(rules, Mapping):
        return {rule.id: rule for rule in rules}
    return {
        name: rule if isinstance(rule, RuleInfo) else _plain_rule(name, rule)
        for name, rule in rules.items()
    }


def _plain_rule(name: str, risk: str) -> RuleInfo:
    clause = f"4({risk[2:3]})"
    return RuleInfo(name, risk, name, Words(name, name), clause, Words("removed", "已屏蔽"))


def _source(module: ModuleType) -> bytes:
    path = getattr(module, "__file__", None)
    return Path(path).read_bytes() if path else b""


class _BytePlaces:
    """Turns places in characters into places in bytes, from the last one on where it can.

    A plug-in may find ten thousand things in a long text: to encode it from its start for each
    would take longer than any deadline.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._char = self._byte = 0

    def of(self, char: int) -> int:
        """Return where a character begins, in bytes."""
        if char < self._char:
            self._char = self._byte = 0
        self._byte += len(self._text[self._char : char].encode())
        self._char = char
        return self._byte


def judge(detector: PlugIn, column: TextColumn) -> Found | Failed:
    """Put a column before a plug-in and turn its characters into bytes.

    What it says about rules and scores is passed on as it is: the engine checks that for every
    detector. Only what would be lost in columns is checked here: the count and the spans.
    """
    texts = column.texts()
    answers = list(detector.inspect(list(texts)))
    if len(answers) != len(texts):
        return Failed("miscount")
    found = Found([], [], [], [], [])
    for row, (text, findings) in enumerate(zip(texts, answers, strict=True)):
        place = _BytePlaces(text)
        for rule, start, end, score in findings:
            if not 0 <= start <= end <= len(text):
                return Failed("span")
            before = place.of(start)
            found.row.append(row)
            found.rule.append(str(rule))
            found.start.append(before)
            found.end.append(before + len(text[start:end].encode()))
            found.score.append(float(score))
    return found


def _listen(source: BinaryIO, inbox: "queue.SimpleQueue[bytes]") -> None:
    """Pass frames on; leave the process when the parent closes the pipe or is gone."""
    while True:
        header = source.read(HEADER.size)
        if len(header) < HEADER.size:
            os._exit(0)
        (size,) = HEADER.unpack(header)
        inbox.put(source.read(size))


def _look_here_first() -> None:
    """Find modules in the folder that the settings name, from now on: our own are loaded."""
    with contextlib.suppress(OSError):  # a folder that is gone holds no module
        sys.path.insert(0, str(Path.cwd()))


def _reply(detector: PlugIn | None, message: Load | Inspect) -> tuple[PlugIn | None, bytes]:
    if isinstance(message, Load):
        try:
            _look_here_first()
            detector, loaded = load(message.plugin, message.options)
            return detector, pack(loaded)
        except Exception as error:  # noqa: BLE001 - foreign code: anything may come out of it
            return None, pack(Failed(type(error).__name__, str(error)[:500]))
    try:
        assert detector is not None
        return detector, pack(judge(detector, TextColumn(message.data, message.offsets)))
    except Exception as error:  # noqa: BLE001 - foreign code: anything may come out of it
        return detector, pack(Failed(type(error).__name__))


def main() -> None:
    """Serve until the input ends."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # it is a text stream
    inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, inbox), daemon=True).start()
    detector: PlugIn | None = None
    while True:
        detector, frame = _reply(detector, request(inbox.get()))
        sink.write(frame)
        sink.flush()


if __name__ == "__main__":
    main()
