"""Keeping the ledger no longer than it must be kept: once a day in the service, or by command."""

from functools import partial

from hegui.app.parts import place_of
from hegui.app.threads import in_thread
from hegui.ledger import pruning
from hegui.ledger.log import Ledger
from hegui.ledger.shared import SharedLedger
from hegui.settings import Settings
from hegui.terms import Clock

DAY_SECONDS = 86_400.0


async def prune(ledger: Ledger | SharedLedger, settings: Settings, clock: Clock) -> dict[str, int]:
    """Delete the leaves whose terms have ended, each part on record; return how many per tenant.

    A bounded part at a time: what else is to be written goes on in between.
    """
    pruned: dict[str, int] = {}
    place = place_of(settings)
    for tenant in await in_thread(partial(pruning.tenants, place)):
        while True:
            now = clock()
            terms = pruning.Terms.at(now, settings.content.log_term)
            plan = await in_thread(partial(pruning.plan, place, tenant, terms))
            if plan is None:
                break
            receipt = await ledger.add(plan.entry(now, terms))
            pruned[tenant] = pruned.get(tenant, 0) + len(plan.indices)
            if isinstance(ledger, SharedLedger):  # it is carried out when it gets its place
                receipt = await in_thread(partial(ledger.wait, receipt))
                if receipt.index is None:  # nobody gives places now: the same would be planned anew
                    break
    return pruned
