"""Records of generated pictures and sound. They evidence that each was labelled (Art. 12).

One for each picture or speech of an exchange, durable before its last byte is handed on; the
exchange has its own two records beside (``exchange.asked``, ``exchange.answered``). Never content:
digests, and what labels say.
"""

from typing import Literal

from hegui.ledger.kinds.shapes import Count, Digest, Kind, Name, Shape

_Medium = Literal["image", "audio", "video"]


class Labelled(Shape, kw_only=True, frozen=True):
    """A picture, a speech or a film that got its labels and may leave.

    ``item`` is its place in the exchange, from 1. ``received`` is the SHA-256 of what the model
    gave, ``content`` of that without metadata, ``shown`` the same once the notice is in it, and
    ``file`` of what leaves, of ``size`` bytes. ``form`` is how the implicit label is stored,
    ``cause`` what became of one that was there, and the next fields what it says. ``explicit``: a
    notice was ``drawn`` upon it or put before it; the ``interface`` shows it; or the user, by
    ``agreement``, asked for none (labelling measures, Art. 9). ``judged`` says whether a detector
    looked at the content itself. ``manifest``: what the model gave held a C2PA manifest; it is
    kept in a new one where the file was ``signed`` in our name, and does not hold any more else.
    """

    exchange: Name
    item: Count
    medium: _Medium
    format: Name
    mime: Name
    size: Count
    received: Digest
    content: Digest
    shown: Digest
    file: Digest
    form: Name
    cause: Literal["added", "replaced", "kept"]
    label: Literal["1", "2", "3"]
    producer: Name
    produce: Name
    propagator: Name
    propagate: Name
    explicit: Literal["drawn", "interface", "present", "agreement"]
    agreement: Name
    judged: bool
    manifest: bool
    signed: bool


class Streamed(Shape, kw_only=True, frozen=True):
    """A speech that left as it came, its labels in front of it.

    ``received`` is the SHA-256 of what the model gave and ``sent`` of the ``size`` bytes that left,
    both up to where it ended: ``complete``, ``cut`` (the caller, the model or a limit of time broke
    it off) or ``broken`` (what came could not be handed on).
    """

    exchange: Name
    item: Count
    medium: _Medium
    format: Name
    mime: Name
    size: Count
    received: Digest
    sent: Digest
    label: Literal["1", "2", "3"]
    producer: Name
    produce: Name
    propagator: Name
    propagate: Name
    explicit: Literal["drawn", "interface", "agreement"]
    agreement: Name
    judged: bool
    end: Name


class Withheld(Shape, kw_only=True, frozen=True):
    """A picture, a speech or a film of which nothing left, because it could not be labelled.

    ``reason`` says why, by a code; ``received`` is the SHA-256 of what the model gave, in the form
    in which it came.
    """

    exchange: Name
    item: Count
    medium: _Medium
    reason: Name
    size: Count
    received: Digest


KINDS = (
    Kind("media.labelled", 2, Labelled, ("a12", "a14-2b"), "log"),
    Kind("media.streamed", 1, Streamed, ("a12", "a14-2b"), "log"),
    Kind("media.withheld", 1, Withheld, ("a12", "a14-2b"), "log"),
)
