"""Tiles and entry bundles of C2SP ``tlog-tiles``: the log as others fetch and check it."""

from hegui.ledger.tiles.bundle import MOST_LEAF_BYTES, bundle, read_bundle
from hegui.ledger.tiles.logs import Logs, read_log
from hegui.ledger.tiles.places import (
    HEIGHT,
    MOST_LEVEL,
    MOST_SIZE,
    WIDTH,
    Place,
    bundle_path,
    places_of,
    read_path,
    tile_path,
    width_at,
)
from hegui.ledger.tiles.reader import LogReader
from hegui.ledger.tiles.subtrees import Hashes, TileTree, read_tile

__all__ = [
    "HEIGHT",
    "MOST_LEAF_BYTES",
    "MOST_LEVEL",
    "MOST_SIZE",
    "WIDTH",
    "Hashes",
    "LogReader",
    "Logs",
    "Place",
    "TileTree",
    "bundle",
    "bundle_path",
    "places_of",
    "read_bundle",
    "read_log",
    "read_path",
    "read_tile",
    "tile_path",
    "width_at",
]
