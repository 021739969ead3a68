"""Of several gateways one does a piece of work: the others see whose it is, and until when."""

from contextlib import AsyncExitStack, closing
from pathlib import Path

from hegui.store import open_database
from hegui.testing.clock import FixedClock
from hegui.vault.leases import TERM_MS, Leases


async def test_work_is_one_gateways_until_it_lets_go_or_its_time_runs_out(tmp_path: Path) -> None:
    place, clock = tmp_path / "hegui.db", FixedClock()
    open_database(place).close()
    with closing(Leases(place, clock)) as one, closing(Leases(place, clock)) as other:
        assert await one.take("a")
        assert not await other.take("a")
        assert await other.take("b")
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(one.kept("a"))
            clock.forward(TERM_MS - 1)
            assert await one.take("a"), "renewed"
            clock.forward(TERM_MS - 1)
            assert not await other.take("a")
        assert await other.take("a"), "let go"
        assert not await one.take("a")
        clock.forward(TERM_MS)
        assert await one.take("a"), "the other one died"
        async with other.kept("a"):
            pass
        assert not await other.take("a"), "what another has taken since is not let go"
