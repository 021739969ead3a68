"""The desk: what is no program of ours gets no file."""

import pytest

from hegui.runners.label_desk import Desk, NoAnswer, Program


@pytest.mark.parametrize("module", ["hegui.nothing_here", "this"])
async def test_a_program_that_does_not_start_or_speaks_otherwise_gets_no_file(module: str) -> None:
    desk = Desk(Program(module), 1, 5)
    for _ in range(2):  # and the turn is given back
        with pytest.raises(NoAnswer) as caught:
            await desk.ask(b"", b"film", 1_000)
        assert caught.value.why == "not-started"
        assert desk.processes() == set()
    await desk.close()
    with pytest.raises(NoAnswer) as caught:
        await desk.ask(b"", b"film", 1_000)
    assert caught.value.why == "closed"
