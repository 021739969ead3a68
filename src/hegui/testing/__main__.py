"""``python -m hegui.testing``: the practice model behind a tap, in a process of its own.

Prints one JSON line with their addresses, then serves until its standard input ends, so that it
never outlives whoever started it.
"""

import argparse
import asyncio
import contextlib
import json
import sys

from hegui.testing.practice import PracticeModel
from hegui.testing.serve import running
from hegui.testing.tap import Tap


async def _serve(options: argparse.Namespace) -> None:
    model = PracticeModel(pace=options.pace)
    async with contextlib.AsyncExitStack() as stack:
        practice = await stack.enter_async_context(running(model, options.port))
        upstreams = {"practice": f"{practice}/v1"}
        if options.upstream:
            upstreams["own"] = options.upstream
        taps: dict[str, dict[str, str]] = {}
        for name, upstream in upstreams.items():
            tap = Tap(upstream)
            stack.push_async_callback(tap.close)
            front = await stack.enter_async_context(running(tap))
            taps[name] = {"url": f"{front}/v1", "notes": f"{front}/tap/notes"}
        print(json.dumps({"model": f"{practice}/v1", "taps": taps}), flush=True)  # noqa: T201 - the addresses are the product
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m hegui.testing", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the model's port; 0 takes a free one")
    parser.add_argument("--pace", type=float, default=0.0, help="seconds between two pieces")
    parser.add_argument("--upstream", default="", help="tap this base URL as well (…/v1)")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
