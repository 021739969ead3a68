"""What a person reads, in Chinese and English as equals."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Lang: TypeAlias = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """One message in both languages. Neither is a fallback for the other."""

    en: str
    zh: str

    def say(self, lang: Lang) -> str:
        """Return the message in ``lang``."""
        return self.zh if lang == "zh" else self.en

    def fill(self, **values: object) -> "Words":
        """Return the message with ``{name}`` places filled in; ``Words`` in their language."""
        zh = {k: said.zh if isinstance(said, Words) else said for k, said in values.items()}
        return Words(self.en.format(**values), self.zh.format(**zh))

    def __str__(self) -> str:
        """Return the English text: for tracebacks and logs, which engineers read."""
        return self.en
