"""What the fuzzers put hostile bytes before: every reader of the log's formats.

A target is given bytes. It must end, or raise ``Corrupt``; anything else is a finding. And what a
reader accepts, it must have understood: written again, it is the same, byte for byte, and nothing
passes for signed that the key did not sign.
"""

# ruff: noqa: INP001 - beside the scripts that use it
from collections.abc import Callable, Sequence
from typing import NamedTuple

from hegui.ledger import proof, tiles, tree
from hegui.ledger.note import Checkpoint, Signer, open_checkpoint, split_note
from hegui.ledger.receipts import verify_receipt
from hegui.terms import Corrupt, Words

SIGNER = Signer("fuzz.example/log", b"fuzz.example, a key for fuzzing.")
LEAVES = [b"one", b"two", b"three", b'{"kind":"x"}', b"five"]
HASHES = [tree.leaf_hash(leaf) for leaf in LEAVES]
HEAD = Checkpoint(SIGNER.name, len(LEAVES), tree.root_of(HASHES))
NOTE = SIGNER.sign(HEAD.text())
CARRIED = proof.write(2, tree.inclusion_proof(2, 5, tree.subtrees_of(HASHES)), NOTE, LEAVES[2])
PROOF = proof.write(2, tree.inclusion_proof(2, 5, tree.subtrees_of(HASHES)), NOTE, b"extra")


class Target(NamedTuple):
    """A reader, and inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: Sequence[bytes]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _note(data: bytes) -> None:
    given = _text(data)
    text, signatures = split_note(given)
    block = given[len(text) + 1 :]
    assert given == f"{text}\n{block}", "the parts are not the whole"
    assert len(signatures) == block.count("\n"), "a line was lost"


def _signed(data: bytes) -> None:
    head = open_checkpoint(_text(data), SIGNER.vkey)
    assert head == HEAD, "a head was accepted that was never signed"


def _checkpoint(data: bytes) -> None:
    text = _text(data)
    assert text.startswith(Checkpoint.parse(text).text()), "read otherwise than it is written"


def _tile(data: bytes) -> None:
    width = data[0] + 1 if data else 256
    hashes = tiles.read_tile(data[1:], width)
    assert len(hashes) == width
    assert b"".join(hashes) == data[1:]


def _bundle(data: bytes) -> None:
    leaves = tiles.read_bundle(data)
    assert tiles.read_bundle(data, len(leaves)) == leaves
    if all(leaves):
        assert tiles.bundle(leaves) == data, "read otherwise than it is written"


def _proof(data: bytes) -> None:
    text = _text(data)
    found = proof.read(text)
    if text.isascii() or max(text) < "\udc80":
        other = verify_receipt.read_proof(data)
        assert other == (found.index, found.extra, list(found.hashes), found.checkpoint.encode())
    again = proof.write(found.index, found.hashes, found.checkpoint, found.extra)
    assert again == text, "read otherwise than it is written"
    found.check(LEAVES[2], SIGNER.vkey)
    assert (found.index, found.checkpoint) == (2, NOTE) or found.checkpoint.startswith(
        HEAD.text()
    ), "a proof was accepted under a head that was never signed"


def _receipt(data: bytes) -> None:
    found = verify_receipt.check({"0.tlog-proof": data}, SIGNER.vkey)
    if found.code:
        raise Corrupt(Words(*found.problems[0][1]))
    try:
        read = proof.read(_text(data))
        read.check(read.extra, SIGNER.vkey)
    except Corrupt as error:
        raise AssertionError("the two readers of proofs do not agree") from error


def _path(data: bytes) -> None:
    text = _text(data)
    place = tiles.read_path(text)
    assert place is None or place.path == text, "read otherwise than it is written"


TARGETS = {
    "note": Target(_note, [NOTE.encode(), (NOTE + "— w.example AAAAAAAA\n").encode()]),
    "signed": Target(_signed, [NOTE.encode(), (NOTE + "— w.example AAAAAAAA\n").encode()]),
    "checkpoint": Target(_checkpoint, [HEAD.text().encode(), HEAD.text().encode() + b"more\n"]),
    "tile": Target(_tile, [b"\x04" + b"".join(HASHES), bytes([0]) + bytes(32)]),
    "bundle": Target(_bundle, [tiles.bundle(LEAVES), tiles.bundle([bytes(300)] * 3)]),
    "proof": Target(_proof, [PROOF.encode(), proof.write(0, [], NOTE).encode()]),
    "receipt": Target(_receipt, [CARRIED.encode(), PROOF.encode()]),
    "path": Target(
        _path, [b"tile/0/x001/x234/067.p/112", b"tile/entries/000", b"tile/63/x001/000"]
    ),
}


def tried(target: Target, data: bytes) -> bool:
    """Put ``data`` before a target; tell whether it was accepted. Raises for a finding."""
    try:
        target.run(data)
    except Corrupt:
        return False
    return True
