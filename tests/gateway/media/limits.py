"""A limit of time that is short only while a test waits for it to pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hegui.app import Gateway


@contextmanager
def reply_seconds(gateway: Gateway, seconds: int) -> Iterator[None]:
    """Give the replies with media that are asked for meanwhile so many seconds."""
    gate = gateway.gate
    before = gate.settings
    gate.settings = replace(before, media=replace(before.media, reply_seconds=seconds))
    try:
        yield
    finally:
        gate.settings = before
