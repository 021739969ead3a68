"""Build the guard models of the settings."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hegui.detectors.guards import Choices, Guard, Preset, preset
from hegui.measures import risks
from hegui.runners.remote import Observe, RemoteRunner, unobserved
from hegui.runners.remote_call import Server
from hegui.settings import GuardModel, Settings
from hegui.settings.plain_files import read_plain, reason
from hegui.terms import Misconfigured, Role, Words

_LONGEST_POLICY: Final = 65_536  # bytes

_NO_LABEL = Words(
    en="[[screen.guard]] {name}: {key} names {label!r}, which {preset} never says. It says "
    "{known}.",
    zh="[[screen.guard]] {name}：{key} 中的 {label!r} 不是 {preset} 的标签。可用：{known}。",
)
_NO_RISK = Words(
    en="[[screen.guard]] {name}: {risk!r} is none of the 31 risks. hegui check lists them.",
    zh="[[screen.guard]] {name}：{risk!r} 不是 31 类风险之一。hegui check 会列出全部风险。",
)
_NO_POLICY = Words(
    en="[[screen.guard]] {name}: the policy {path} cannot be used: {why}. It must be a text file "
    "in UTF-8, not empty, of at most 64 KiB.",
    zh="[[screen.guard]] {name}：无法使用策略文件 {path}：{why}。应为非空的 UTF-8 文本文件，"
    "不超过 64 KiB。",
)


def guard_of(entry: GuardModel) -> Guard:
    """Return one guard model. What its table names and the model never says is Misconfigured."""
    known = preset(entry.preset)
    free = known.free and not known.labels
    labels = set(entry.risks) if free else {label.id for label in known.labels}
    for key, names, extra in (
        ("scores", entry.scores, known.levels),
        ("risks", entry.risks, ()),
        ("criteria", entry.criteria, ()),
    ):
        _refuse_unknown(entry, known, key, names, labels | set(extra))
    for risk in entry.risks.values():
        if risk not in risks():
            raise Misconfigured(_NO_RISK.fill(name=entry.name, risk=risk))
    choices = Choices(
        model=entry.model,
        policy=_policy(entry.name, entry.policy) if entry.policy else "",
        scores=entry.scores,
        risks=entry.risks,
        criteria=entry.criteria,
        threshold=entry.threshold,
        roles=tuple(Role(role) for role in entry.roles),
        window=entry.window,
        most=entry.windows,
        replies_as=entry.replies_as,
        extra=entry.extra,
    )
    return Guard(entry.name, known, choices)


def _refuse_unknown(
    entry: GuardModel, known: Preset, key: str, names: Iterable[str], labels: set[str]
) -> None:
    for label in names:
        if label not in labels:
            listed = ", ".join(sorted(labels)) or "-"
            raise Misconfigured(
                _NO_LABEL.fill(name=entry.name, key=key, label=label, preset=known.id, known=listed)
            )


def _policy(name: str, path: Path) -> str:
    why: object = f"> {_LONGEST_POLICY} B"
    try:
        data = read_plain(path, _LONGEST_POLICY + 1)
        text = data.decode() if len(data) <= _LONGEST_POLICY else ""
    except OSError as error:
        why = reason(error)
    except UnicodeDecodeError:
        why = "UTF-8"
    else:
        if text.strip():
            return text
        why = f"{len(data)} B" if len(data) <= _LONGEST_POLICY else why
    raise Misconfigured(_NO_POLICY.fill(name=name, path=path, why=why))


def guard_runners(settings: Settings, observe: Observe = unobserved) -> list[RemoteRunner]:
    """Return the runners of the guard models, not started."""
    return [
        RemoteRunner(
            guard_of(entry),
            Server(entry.base_url, entry.key, entry.concurrency),
            deadline_ms=entry.deadline_ms,
            concurrency=entry.concurrency,
            required=entry.required,
            observe=observe,
        )
        for entry in settings.screen.guards
    ]
