from pathlib import Path

import pytest
from interop.checks import Differs, label_of

from interop import tinymodel


def test_a_label_after_the_same_text_is_told_apart() -> None:
    assert label_of("春天来了。", "春天来了。\n\n（AI 生成）") == "\n\n（AI 生成）"


@pytest.mark.parametrize(
    "through",
    [
        "春天。",
        "春天来了。",
        "春天来了。谢谢",
        "秋天来了。（AI 生成）",
        "春天来了。AI 生成" + "长" * 200,
    ],
)
def test_a_changed_text_or_a_missing_label_differs(through: str) -> None:
    with pytest.raises(Differs):
        label_of("春天来了。", through)


def test_the_same_seed_makes_the_same_model(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        tinymodel.write(tmp_path / name, seed)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_the_model_says_what_it_holds(tmp_path: Path) -> None:
    tinymodel.write(tmp_path / "model")
    head = (tmp_path / "model").read_bytes()
    assert head[:4] == b"GGUF"
    tokens, scores, kinds = tinymodel.vocabulary()
    assert len(tokens) == len(set(tokens)) == len(scores) == len(kinds)
    assert len(head) % tinymodel.ALIGNMENT == 0
