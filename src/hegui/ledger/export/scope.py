"""What an export shows: records of a period, proofs, and content only for a written purpose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from hegui.terms import BadRequest, Words

MOST_PURPOSE: Final = 500
"""Characters: what the record of an export has room for."""

_PURPOSE = Words(
    en="Write down what for: --{name} takes 1 to {most} characters. It goes on record.",
    zh="请写明用途：--{name} 应为 1 至 {most} 个字符，会记录在案。",
)
_BACKWARDS = Words(
    en="The period ends before it begins: --from must lie before --to.",
    zh="期间的结束早于开始：--from 应早于 --to。",
)


@dataclass(frozen=True, slots=True)
class Period:
    """Which records are shown, by their own times: UTC ms, the end excluded; None is no bound."""

    since: int | None = None
    until: int | None = None

    def __post_init__(self) -> None:
        """Refuse a period that ends before it begins."""
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise BadRequest(_BACKWARDS, param="from")

    def covers(self, at_ms: int) -> bool:
        """Tell whether a record of this time is shown."""
        return (self.since is None or at_ms >= self.since) and (
            self.until is None or at_ms < self.until
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """Content of an exchange as it was opened, and the salt that its commitment was made with."""

    content: bytes = field(repr=False)
    salt: bytes = field(repr=False)


Open: TypeAlias = Callable[[str, str], Opened | None]
"""Opens ``(exchange, part)``; None where nothing is kept, or it must not be opened."""


@dataclass(frozen=True, slots=True)
class Content:
    """Sealed content goes along: what for, and how it is opened."""

    purpose: str
    open: Open = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse to open anything for no written purpose (Art. 11)."""
        check_purpose(self.purpose, "content")


@dataclass(frozen=True, slots=True)
class Scope:
    """What goes into an export, and who hands it out for what.

    ``named`` are indexes of records that get a proof of their own; ``all_proofs`` gives one to each
    record that is shown.
    """

    by: str
    purpose: str
    period: Period = Period()
    named: frozenset[int] = frozenset()
    all_proofs: bool = False
    content: Content | None = None
    recipient: str = ""

    def __post_init__(self) -> None:
        """Refuse an export for no written purpose."""
        check_purpose(self.purpose, "purpose")
        check_purpose(self.by, "by", 200)

    def record(self) -> Mapping[str, Any]:
        """Return the fields of the record ``ledger.exported`` that say this scope."""
        fields: dict[str, Any] = {
            "by": self.by,
            "purpose": self.purpose,
            "proofs": "all" if self.all_proofs else "named",
            "content": "none" if self.content is None else "kept",
        }
        if self.period.since is not None:
            fields["since"] = self.period.since
        if self.period.until is not None:
            fields["until"] = self.period.until
        if self.content is not None:
            fields["content_purpose"] = self.content.purpose
        if self.recipient:
            fields["recipient"] = self.recipient
        return fields


def check_purpose(said: str, name: str, most: int = MOST_PURPOSE) -> None:
    """Raise ``BadRequest`` unless something that fits a record was written down."""
    if not said.strip() or len(said) > most or not said.isprintable():
        raise BadRequest(_PURPOSE.fill(name=name, most=most), param=name)
