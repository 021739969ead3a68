"""What the gateway needs to label pictures and speech, from the settings."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec

from starlette.types import ASGIApp

from hegui.app import agreements
from hegui.app.manifest_apart import ManifestApart
from hegui.app.shelf import fetcher_of, open_shelf
from hegui.callers.assertion import Assertions
from hegui.callers.keys import KeyBook
from hegui.gateway.gate import Gate
from hegui.gateway.http import Doorkeeper, Endpoint, Methods, Serve
from hegui.gateway.media import images, speech
from hegui.gateway.media.door import AtOnce
from hegui.gateway.media.giving import MediaPage
from hegui.gateway.media.parts import MediaParts
from hegui.gateway.media.task_paths import BELOW, TaskPaths
from hegui.ledger.port import Evidencing
from hegui.runners.film_bench import FilmBench
from hegui.runners.label_bench import Films, LabelBench
from hegui.settings import Settings
from hegui.shelf.addresses import PATH
from hegui.terms import Clock
from hegui.vault.leases import Leases


def media_parts(settings: Settings, ledger: Evidencing, clock: Clock, leases: Leases) -> MediaParts:
    """Return the workers that label, none of them started, the agreements, and the shelf."""
    media = settings.media

    def agreed(number: str, at_ms: int) -> str:
        return agreements.in_force(settings, number, at_ms).subject

    bench = LabelBench(media.workers, media.label_seconds)
    takers = asyncio.Semaphore(settings.shelf.fetches)
    chosen, fetcher, films = settings.labels.c2pa, fetcher_of(settings), film_bench(settings)
    shelf = open_shelf(settings, ledger, clock)
    with ExitStack() as opened:
        opened.callback(shelf.book.close)
        seals = ManifestApart(chosen, clock) if chosen.certificates is not None else None
        opened.pop_all()
    return MediaParts(bench, agreed, shelf, fetcher, takers, leases, films=films, seals=seals)


def film_bench(settings: Settings) -> FilmBench | None:
    """Return the workers that put notices into films; None where PyAV or Pillow is not installed.

    Looked for, not loaded: FFmpeg is never in the process that serves.
    """
    if find_spec("av") is None or find_spec("PIL") is None:
        return None
    said = settings.media.films
    return FilmBench(said.workers, said.seconds, said.memory_mb, Films(said.encoder, said.bytes))


def media_paths(
    gate: Gate,
    path: Callable[[str, Serve], Endpoint],
    keys: KeyBook,
    assertions: Assertions | None,
) -> dict[str, ASGIApp]:
    """Return the media routes; edits and tasks bring pictures, and so have a limit of their own."""
    most = gate.settings.media.upload_bytes
    keeper = Doorkeeper(gate, keys, assertions, body_bytes=most)

    def large(name: str, serve: Serve) -> Endpoint:
        return Endpoint(gate, keeper, serve, name)

    edits = "/v1/images/edits"
    served = {
        "/v1/images/generations": path("/v1/images/generations", images.generations),
        edits: large(edits, images.edits),
        "/v1/audio/speech": path("/v1/audio/speech", speech.speech),
    }
    made: dict[str, ASGIApp] = {
        name: Methods(post=AtOnce(gate, app)) for name, app in served.items()
    }
    tasks = TaskPaths(gate, large, path)
    page = MediaPage(gate)
    return {**made, **dict.fromkeys(BELOW, tasks), PATH: Methods(get=page, head=page)}
