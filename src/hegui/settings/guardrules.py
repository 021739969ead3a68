"""What good sense asks of a guard model's table beyond the type of each key."""

import json
import re
from collections.abc import Iterator
from typing import Final

from hegui.settings.guards import GuardModel
from hegui.terms import Role, Words

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_OURS: Final = frozenset({"model", "messages", "stream", "n"})
_FREE: Final = ("policy", "policy-yes-no")
_LEAST_WINDOW: Final = 500

_Found = tuple[tuple[str, ...], Words]


def guard_faults(guard: GuardModel) -> Iterator[_Found]:
    """Give what is wrong with one table, as (key, words)."""
    if guard.name and not _NAME.fullmatch(guard.name):
        yield (
            ("name",),
            Words(
                "must be at most 32 characters: a-z, 0-9, - and _",
                "最长 32 个字符，只含 a-z、0-9、- 和 _",
            ),
        )
    if guard.window and guard.window < _LEAST_WINDOW:
        yield ("window",), Words("must be at least 500", "至少为 500")
    for role in guard.roles:
        if role not in {known.value for known in Role}:
            listed = ", ".join(known.value for known in Role)
            yield ("roles",), Words(f"must be among {listed}", f"应在以下范围内：{listed}")
    yield from _maps(guard)
    yield from _policy(guard)
    for key in _OURS.intersection(guard.extra):
        yield ("extra", key), Words("is set by hegui", "由 hegui 填写")
    try:
        json.dumps(guard.extra, allow_nan=False)
    except (TypeError, ValueError):
        yield ("extra",), Words("must be plain JSON: no dates", "应为普通 JSON，不能含日期")


def _maps(guard: GuardModel) -> Iterator[_Found]:
    for label, score in guard.scores.items():
        number = isinstance(score, int | float) and not isinstance(score, bool)
        if not number or not 0 <= score <= 1:
            yield ("scores", label), Words("must be a number from 0 to 1", "应为 0 到 1 的数字")
    for name, table in (("risks", guard.risks), ("criteria", guard.criteria)):
        for label, text in table.items():
            if not isinstance(text, str) or not text:
                yield (name, label), Words("must be text in quotes", "应为带引号的文本")


def _policy(guard: GuardModel) -> Iterator[_Found]:
    if guard.preset not in _FREE:
        if guard.policy is not None:
            yield (
                ("policy",),
                Words("is only for policy and policy-yes-no", "仅用于 policy 和 policy-yes-no"),
            )
        return
    if guard.policy is None:
        yield (
            ("policy",),
            Words("name the file that holds your policy", "请指明策略文本所在的文件"),
        )
    if not guard.risks or (guard.preset == "policy-yes-no" and len(guard.risks) != 1):
        yield (
            ("risks",),
            Words(
                "name your labels and their risks, as in { fraud = 'A.1.g' }; "
                "one for policy-yes-no",
                "请写明标签及其风险，如 { fraud = 'A.1.g' }；policy-yes-no 只写一个",
            ),
        )
    for label in guard.risks:
        if not _LABEL.fullmatch(label):
            yield (
                ("risks", label),
                Words(
                    "a label has at most 40 characters: a-z, 0-9, . - and _",
                    "标签最长 40 个字符，只含 a-z、0-9、.、- 和 _",
                ),
            )
