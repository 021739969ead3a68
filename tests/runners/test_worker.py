import re
from collections.abc import Sequence

from hegui.runners.frames import Found
from hegui.runners.worker import judge
from hegui.terms import TextColumn


class Everywhere:
    """Finds a word wherever it stands, and tells of it back to front."""

    name, version, rules = "everywhere", "1", {"pear": "A.2.e"}

    def inspect(self, texts: list[str]) -> Sequence[Sequence[tuple[str, int, int, float]]]:
        found = [re.finditer("梨", text) for text in texts]
        return [[("pear", hit.start(), hit.end(), 1.0) for hit in hits][::-1] for hits in found]


def test_places_in_characters_become_places_in_bytes_in_whatever_order_they_come() -> None:
    texts = ["a梨bb梨", "", "😀梨ü梨"]
    told = judge(Everywhere(), TextColumn.of(texts))
    assert isinstance(told, Found)
    spans = zip(told.row, told.start, told.end, strict=True)
    assert [texts[row].encode()[start:end].decode() for row, start, end in spans] == ["梨"] * 4
    assert told.start == [6, 1, 9, 4]


class Forwards(Everywhere):
    def inspect(self, texts: list[str]) -> Sequence[Sequence[tuple[str, int, int, float]]]:
        return [findings[::-1] for findings in super().inspect(texts)]


def test_a_hundred_thousand_findings_in_one_text_take_no_hundred_thousand_readings() -> None:
    text = "好好好好好好好好好梨" * 100_000
    told = judge(Forwards(), TextColumn.of([text]))  # minutes, if each were counted from the start
    assert isinstance(told, Found)
    assert told.start == [27 + 30 * n for n in range(100_000)]
