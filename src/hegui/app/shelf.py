"""The shelf of labelled media, from the settings; and the sink by which an erasure reaches it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from hegui.app import parts
from hegui.ledger.port import Evidencing
from hegui.settings import Settings
from hegui.shelf.addresses import KEY_BYTES, KEY_NAME, Addresses
from hegui.shelf.blobs import Blobs, Folder
from hegui.shelf.book import OF_SUBJECT, Book
from hegui.shelf.bucket import Bucket
from hegui.shelf.fetching import Fetcher, Limits
from hegui.shelf.shelf import Shelf
from hegui.terms import Clock, Erasure, SinkState, Unavailable, Words
from hegui.vault.rows import Rows

_HOUR_MS: Final = 3_600_000
_MIB: Final = 1 << 20
_WORDS: Final = Words(
    "labelled pictures and films that are answered with an address: the address is closed, the "
    "file deleted",
    "以地址形式提供的已标识图片和视频：地址失效，文件删除",
)


def folder_of(settings: Settings) -> Path:
    """Return where files lie that are kept on disk."""
    return settings.data_dir / "media"


def open_shelf(settings: Settings, ledger: Evidencing, clock: Clock) -> Shelf:
    """Open the shelf that the settings describe. Whoever opens it closes it with ``close``."""
    said = settings.shelf
    key = parts.key_directory(settings).load_or_create(KEY_NAME, KEY_BYTES)
    blobs = _blobs(settings, clock)
    return Shelf(
        Book(parts.place_of(settings)),
        blobs,
        Addresses(key, settings.public_url),
        ledger,
        clock,
        quota=said.quota_mb * _MIB,
        term_ms=said.hours * _HOUR_MS,
    )


async def close(shelf: Shelf) -> None:
    """Close what a shelf holds open."""
    await shelf.blobs.close()
    shelf.book.close()


def fetcher_of(settings: Settings) -> Fetcher:
    """Return what fetches the files that model servers name."""
    said = settings.shelf
    return Fetcher(Limits(settings.media.bytes, said.fetch_seconds, said.fetches))


def _blobs(settings: Settings, clock: Clock) -> Blobs:
    said = settings.shelf
    if said.store == "s3" and said.s3 is not None:
        return Bucket(said.s3, clock)
    return Folder(folder_of(settings))


OpenShelf: TypeAlias = Callable[[], Shelf]
"""Opens the shelf for one use."""


def unopened() -> Shelf:
    """Refuse to open a shelf: for who only lists where something of a person may lie."""
    raise Unavailable(_UNOPENED)


@dataclass(frozen=True, slots=True)
class ShelfSink:
    """Files of a person that are answered with an address. For a thread without a loop."""

    rows: Rows
    open: OpenShelf
    name: str = "media"
    words: Words = _WORDS

    def erase(self, erasure: Erasure, now_ms: int) -> SinkState:
        """Close the addresses, delete the files and forget the tasks; an error means: later."""
        del now_ms
        held = [name for name in erasure.subjects if self._holds(erasure.tenant, name)]
        if held:
            asyncio.run(self._erase(erasure.tenant, held))
        return "done"

    def _holds(self, tenant: str, subject: str) -> bool:
        return any(self.rows.query(query, (subject, tenant)) for query in OF_SUBJECT)

    async def _erase(self, tenant: str, subjects: Sequence[str]) -> None:
        shelf = self.open()
        try:
            for subject in subjects:
                await shelf.erase(tenant, subject)
        finally:
            await close(shelf)


_UNOPENED: Final = Words(
    en="The shelf of media is not open here. The service, or hegui vault erase, goes on with it.",
    zh="此处未打开媒体存放区，由服务或 hegui vault erase 继续处理。",
)
