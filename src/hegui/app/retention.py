"""Keeping the ledger no longer than it must be kept: once a day in the service, or by command."""

import asyncio

from hegui.ledger import pruning
from hegui.ledger.log import Ledger
from hegui.settings import Settings
from hegui.terms import Clock

DAY_SECONDS = 86_400.0


async def prune(ledger: Ledger, settings: Settings, clock: Clock) -> dict[str, int]:
    """Delete the leaves whose terms have ended, each part on record; return how many per tenant.

    A bounded part at a time: what else is to be written goes on in between.
    """
    pruned: dict[str, int] = {}
    for tenant in await asyncio.to_thread(pruning.tenants, settings.database):
        while True:
            now = clock()
            terms = pruning.Terms.at(now, settings.content.log_days)
            plan = await asyncio.to_thread(pruning.plan, settings.database, tenant, terms)
            if plan is None:
                break
            await ledger.add(plan.entry(now, terms))
            pruned[tenant] = pruned.get(tenant, 0) + len(plan.indices)
    return pruned
