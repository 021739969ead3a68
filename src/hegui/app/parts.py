"""Build the parts of a service from its settings: ledger, policies, panel, keys.

What judges texts is imported when it is asked for: commands that only read or write the ledger
answer a third of a second sooner without it.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from hegui.app.logkeys import LogKeys, heads_in
from hegui.ledger.cosigning import require_ml_dsa
from hegui.ledger.log import Ledger
from hegui.ledger.shared import SharedLedger, SpoolTerms
from hegui.settings import KeyDirectory, Settings
from hegui.settings.database import Postgres
from hegui.store import Connection, Place, exists, open_connection, read_all
from hegui.store.postgres.server import Server
from hegui.terms import Action, Detector, DetectorCard, Misconfigured, Role, Words
from hegui.vault.holders import epoch_name, key_name

if TYPE_CHECKING:
    from hegui.detectors.packs import Pack
    from hegui.runners.process import ProcessRunner
    from hegui.runners.remote import Observe, RemoteRunner
    from hegui.screen.panel import Panel
    from hegui.screen.policy import Policy

Audience = Literal["adult", "minor"]
Runner: TypeAlias = "ProcessRunner | RemoteRunner"

_log = logging.getLogger(__name__)


def now() -> int:
    """Return UTC milliseconds: the clock of everything that is built here."""
    return time.time_ns() // 1_000_000


_TWICE = Words(
    en="Two detectors are called {name}. Give the one in [[screen.detector]] or [[screen.guard]] "
    "another name.",
    zh="有两个检测器都叫 {name}。请给 [[screen.detector]] 或 [[screen.guard]] 中的那个换一个名称。",
)
# which rows need which key file, and what is lost without it
_NEEDS: Final = (
    (
        "SELECT 'pepper' FROM caller_key",
        Words("no caller's key would be known any more", "所有调用方密钥都将失效"),
    ),
    (
        "SELECT 'pepper' FROM inspector_key",
        Words("no inspector's key would be known any more", "所有检查密钥都将失效"),
    ),
    (
        (
            "SELECT DISTINCT k.epoch FROM subject_key AS k JOIN epoch AS e ON e.number = k.epoch"
            " WHERE e.holder = 'file'"
        ),
        Words(
            "kept content could not be opened any more (was it destroyed with its epoch, and is "
            "this an older copy of the database? See hegui vault abandon)",
            "已留存的内容将无法打开（如果它是随纪元关闭而销毁的，而数据库是较早的副本，"
            "请参见 hegui vault abandon）",
        ),
    ),
    (
        "SELECT DISTINCT tenant FROM subject",
        Words(
            "known persons would become strangers, suspended ones too",
            "已知用户会变成陌生人，被暂停的用户也会被放行",
        ),
    ),
    (
        "SELECT DISTINCT 'media' FROM medium WHERE ended IS NULL",
        Words(
            "the addresses of generated media that were given out would lead nowhere",
            "已提供的生成媒体地址都将失效",
        ),
    ),
)

EVERY_EPOCH: Final = "epoch-*"
"""Stands for the key files of all epochs."""


def require_keys(settings: Settings, given_up: str = "") -> None:
    """Raise ``Misconfigured`` when a key file that the database rests on is gone or another one.

    Key files are made at their first use; a lost one must never be made anew in silence.
    ``given_up`` is one that the operator says will not come back, or ``EVERY_EPOCH``: a log is
    written without opening any content.
    """
    place = place_of(settings)
    if exists(place):
        with closing(open_connection(place)) as connection:
            check_keys(settings, connection, given_up)


def check_keys(settings: Settings, connection: Connection, given_up: str = "") -> None:
    """Do what ``require_keys`` does, in a database that is open, if only for reading."""
    log_keys, keys = log_keys_of(settings), key_directory(settings)
    for tenant, head in heads_in(connection).items():
        log_keys.require(tenant, head)
    held = {*keys.names(), given_up}
    for query, why in _NEEDS:
        for (name,) in read_all(connection, query):
            needed = _needed(query, name)
            spared = given_up == EVERY_EPOCH and needed.startswith("epoch-")
            if needed not in held and not spared:
                raise keys.lost(needed, why)


def _needed(query: str, name: str | int) -> str:
    if isinstance(name, int):
        return epoch_name(name)
    return key_name(name) if query.endswith("subject") else name


_servers: dict[Postgres, Server] = {}


def place_of(settings: Settings) -> Place:
    """Return where the database is: the file in ``data_dir``, or the server of the settings."""
    postgres = settings.postgres
    if not postgres.url:
        return settings.database
    if postgres not in _servers:
        _servers[postgres] = Server(postgres.url, postgres.password, postgres.spool_minutes * 60.0)
    return _servers[postgres]


def key_directory(settings: Settings) -> KeyDirectory:
    """Open the directory of key files; a wrong mode is ``Misconfigured``."""
    return KeyDirectory(settings.key_directory)


def pepper(settings: Settings) -> bytes:
    """Return the key under which callers' keys are hashed, made at the first use."""
    require_keys(settings)
    return key_directory(settings).load_or_create("pepper", 32)


def require_second_key(settings: Settings) -> None:
    """Raise ``Misconfigured`` where heads are to be signed with ML-DSA-44 and cannot be."""
    if settings.ledger.ml_dsa:
        require_ml_dsa()


def log_keys_of(settings: Settings) -> LogKeys:
    """Return what gives each tenant's signer. Key files are made when a log is begun."""
    require_second_key(settings)
    ledger = settings.ledger
    return LogKeys(key_directory(settings), ledger.origin, ml_dsa=ledger.ml_dsa)


def open_ledger(
    settings: Settings, given_up: str = "", *, accepting: bool = False, spool: bool = False
) -> Ledger | SharedLedger:
    """Open the ledger for writing. The gateway and commands may have it open at a time.

    ``accepting`` is for putting a restored backup on record, and for nothing else. With ``spool``,
    this machine's disk takes what comes while a server is away.
    """
    require_keys(settings, EVERY_EPOCH if accepting else given_up)
    place = place_of(settings)
    if isinstance(place, Server):
        return SharedLedger(
            place,
            log_keys_of(settings),
            heads=settings.data_dir / "heads",
            spool=spool_of(settings) if spool else None,
            sign_seconds=settings.ledger.sign_seconds,
            sign_leaves=settings.ledger.sign_leaves,
            accepting=accepting,
        )
    return Ledger(
        settings.database,
        log_keys_of(settings),
        sign_seconds=settings.ledger.sign_seconds,
        sign_leaves=settings.ledger.sign_leaves,
        accepting=accepting,
    )


def spool_of(settings: Settings) -> SpoolTerms:
    """Return how much this machine takes while the server is away, and where."""
    postgres = settings.postgres
    return SpoolTerms(
        settings.data_dir / "spool", postgres.spool_mb << 20, postgres.spool_minutes * 60_000, now
    )


def runners_of(settings: Settings, observe: "Observe | None" = None) -> list[Runner]:
    """Return the runners of the attached detectors and guard models, not started.

    ``observe`` is told of each request to a guard model.
    """
    from hegui.app.guards import guard_runners
    from hegui.runners.process import ProcessRunner
    from hegui.runners.remote import unobserved

    plugins = [
        ProcessRunner(
            entry.plugin,
            entry.options,
            entry.deadline_ms,
            name=entry.name,
            folder=settings.path.absolute().parent if settings.path else None,
        )
        for entry in settings.screen.detectors
    ]
    return [*plugins, *guard_runners(settings, observe or unobserved)]


def works_folder(settings: Settings) -> Path:
    """Return the directory of protected works."""
    return settings.data_dir / "works"


def local_of(settings: Settings) -> list[Detector]:
    """Return what the settings attach beside rules and personal data, to run in line.

    Protected works are attached by being registered (Art. 4(3), 7(2)); a broken index is
    ``Misconfigured``. The triage classifier is attached by a setting.
    """
    from hegui.app.works import attached_works
    from hegui.detectors import triage

    found = attached_works(works_folder(settings))
    return [*found, *triage()] if settings.screen.classifier else found


def _say_compiling() -> None:
    _log.info("compiling rules: some seconds, once for these rules on this machine")


def panel_of(
    cards: Sequence[DetectorCard],
    packs: "Sequence[Pack]" = (),
    as_of: str = "",
    *,
    local: Sequence[Detector] = (),
) -> "Panel":
    """Return the panel: rules and personal data run in line, as does ``local``; cards are asked.

    ``packs`` are the provider's; ``as_of`` is the legal day whose rules apply. Rules are compiled
    in a child process, so that a service that is answering goes on, and kept, so that the next
    start is quick. Two detectors of one name are ``Misconfigured``: an answer could not be told
    whose it is.
    """
    from hegui.runners.compiling import builtin
    from hegui.screen.panel import Panel

    built = builtin(packs, as_of, notice=_say_compiling)
    panel = Panel([[*built, *local], list(cards)])
    names = [card.name for card in panel.cards]
    for name in names:
        if names.count(name) > 1:
            raise Misconfigured(_TWICE.fill(name=name))
    return panel


async def attached_cards(settings: Settings) -> list[DetectorCard]:
    """Start each attached detector once, and return what it says of itself.

    One that cannot be loaded is ``Misconfigured``.
    """
    cards = []
    for runner in runners_of(settings):
        try:
            cards.append(await runner.start())
        finally:
            await runner.close()
    return cards


def panel_once(settings: Settings) -> "Panel":
    """Return the panel for a command that judges nothing by attached detectors, or only looks."""
    from hegui.app.packs import day_of, packs_of

    attached = settings.screen.detectors or settings.screen.guards
    cards = asyncio.run(attached_cards(settings)) if attached else []
    return panel_of(cards, packs_of(settings), day_of(now()), local=local_of(settings))


def policies_of(settings: Settings) -> "dict[tuple[str, bool], Policy]":
    """Return the policies by audience and by whether the model server is the provider's own."""
    return {
        (audience, own): policy
        for own in (True, False)
        for audience, policy in zip(("adult", "minor"), _pair(settings, own=own), strict=True)
    }


def _pair(settings: Settings, *, own: bool) -> "tuple[Policy, Policy]":
    from hegui.screen.policy import Policy, default_policy, minors_layer, tailored

    screen = settings.screen
    stem = default_policy(own_upstream=own, public=settings.service.scope == "public")
    choices = {
        Role(role): {name: Action[action.upper()] for name, action in table.items()}
        for role, table in screen.actions.items()
    }
    first, *rest = tailored(choices, stem).layers
    layer = replace(
        first,
        on_fault=Action[screen.on_fault.upper()],
        on_unjudged=Action[screen.unjudged.upper()],
    )
    adult = Policy((layer, *rest), frozenset(screen.release))
    return adult, adult.join(minors_layer())
