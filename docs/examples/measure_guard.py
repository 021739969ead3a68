"""How often does a guard model speak up on texts that are harmless? One text a line."""

import asyncio
import os
import sys
from pathlib import Path

from hegui.app.guards import guard_runners
from hegui.settings import read
from hegui.terms import Fault, TextColumn

ACTS = 0.5  # the score from which a policy acts for adults


async def ask(runner, texts):
    await runner.start()
    try:
        return [await runner.inspect(TextColumn.of([text])) for text in texts]
    finally:
        await runner.close()


def at_most(hits, judged):
    """Return the upper end of Wilson's interval, 95 %."""
    if not judged:
        return 1.0
    z, share = 1.96, hits / judged
    spread = z * (share * (1 - share) / judged + z * z / (4 * judged * judged)) ** 0.5
    return (share + z * z / (2 * judged) + spread) / (1 + z * z / judged)


settings, name, file = sys.argv[1:]
runners = {one.name: one for one in guard_runners(read(Path(settings), os.environ))}
texts = [text for text in Path(file).read_text(encoding="utf-8").splitlines() if text.strip()]
reports = asyncio.run(ask(runners[name], texts))
judged = [report for report in reports if not isinstance(report, Fault)]
hits = sum(any(score >= ACTS for score in report.score) for report in judged)
share, most = hits / max(len(judged), 1), at_most(hits, len(judged))
sys.stdout.write(f"judged {len(judged)}, hits {hits} ({share:.1%}, at most {most:.1%})")
sys.stdout.write(f", faults {len(reports) - len(judged)}\n")
