from bench import stub
from hegui.detectors import GATEWAY
from hegui.runners.compiling import builtin


def held_whole(text: str) -> list[int]:
    """Which chunks of a streamed text go out only with the next one, under the shipped rules."""
    detector = builtin(channels=GATEWAY)[0]
    found, out = [], 0
    for number in range(stub.CHUNKS):
        said = text[: number * 3 + 3]
        released = max(out, len(said) - detector.pending(said))
        if released == out:
            found.append(number)
        out = released
    return found


def test_no_chunk_of_the_live_text_is_held_back_whole() -> None:
    assert held_whole(stub.STREAMED) == []


def test_one_chunk_of_the_held_text_is_held_back_whole() -> None:
    held = held_whole(stub.HELD)
    assert len(held) == 1
    assert "一起去" in stub.HELD[held[0] * 3 - 3 : held[0] * 3 + 3]
