"""The label in an XMP packet: the property ``AIGC`` of the namespace that TC260 named.

TC260-PG-20259A asks that a packet which exists be updated, not replaced. So a packet is read by
expat for the places of its elements only, and edited as bytes: what is not the label, or the IPTC
digital source type beside it, stays as it was, down to the padding. Written is one form (an
element, its quotes as ``&quot;``); read are elements and attributes under any prefix.
"""

import html
import json
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from hegui.labels.container import INCONSISTENT, MOST_METADATA, TOO_LARGE, Found, refused
from hegui.labels.value import FIELDS, MOST, Implicit, parsed
from hegui.labels.xmp_scan import Edit, Hit, Packet, scan

NAMESPACE: Final = "http://www.tc260.org.cn/ns/AIGC/1.0/"
IPTC: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
GENERATED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSED: Final = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
_BEGIN: Final = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END: Final = '<?xpacket end="w"?>'
_FRESH: Final = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    f'<rdf:RDF xmlns:rdf="{RDF}">{{description}}</rdf:RDF></x:xmpmeta>'
)
_TRIES: Final = 64  # places that are looked at in a packet that is not well-formed
_NEAR: Final = 200  # characters between the name and the value there
_PADDING: Final = re.compile(rb"\s{2,}(?=<\?xpacket end)")
_AS_WRITTEN: Final = msgspec.json.Decoder(Implicit)
_WRAPPER: Final = re.compile(rb"<\?xpacket\b.*?\?>", re.DOTALL)
_DECLARED: Final = re.compile(r"^\ufeff?\s*<\?xml\b[^>]*\?>")


class Property(NamedTuple):
    """One label of a packet: its text, and whether it is the property that the guide names."""

    raw: str
    guide: bool


def labels_in(packet: bytes) -> list[str]:
    """Return the text of every label in a packet, in order; never raises.

    A packet that is not well-formed, or that declares a DTD, is searched as plain text.
    """
    return [one.raw for one in properties(packet)]


def properties(packet: bytes) -> list[Property]:
    """Return every label in a packet, in order; never raises."""
    data = _utf8(packet)
    if b"AIGC" not in data or len(data) > MOST_METADATA:
        return []
    found = scan(data)
    if isinstance(found, Packet):
        return [Property(hit.raw, _is_ours(hit)) for hit in _labels(found)]
    return [Property(raw, guide=False) for raw in _loose(data.decode("utf-8", "replace"))]


def found(packet: bytes, form: str, offset: int) -> list[Found]:
    """Return the labels of a packet as a format gives them; ``offset`` is the file's."""
    return [Found(form, offset, one.raw, one.guide, parsed(one.raw)) for one in properties(packet)]


def with_label(packet: bytes | None, inner: str, at: int = 0) -> bytes:
    """Return ``packet`` with ``inner`` as its only label; a new packet for None or an empty one.

    ``at`` is where the packet stands in the file, for what a refusal says. Refused are packets
    that are not well-formed, declare a DTD, are too deep or too large, or hold no ``rdf:RDF``.
    If ``inner`` says that the content is generated (``Label`` 1), the IPTC digital source type
    says so too; a composite with generated parts stays one.
    """
    if packet is None or not packet.strip(b"\0 \t\r\n"):
        return f"{_BEGIN}{_fresh(inner)}{_END}".encode()
    data = _utf8(packet)
    there = _scanned(data, at)
    labels, sources = _labels(there), there.sources
    target = next((hit for hit in labels if _is_ours(hit) and hit.top and hit.tag_end), None)
    edits = [Edit(hit.start, hit.end, b"") for hit in labels if hit is not target]
    source = _source(there, inner)
    kept = next((hit for hit in sources if hit.tag_end), None) if source else None
    if source:
        edits += [Edit(hit.start, hit.end, b"") for hit in sources if hit is not kept]
    if kept is not None:
        edits.append(Edit(kept.start, kept.end, _element(kept, data, _SOURCE, source)))
    beside = b"" if kept is not None or not source else _SOURCE.element(source, declared=True)
    if target is not None:
        label = _element(target, data, _LABEL, inner)
        edits.append(Edit(target.start, target.end, label + beside))
    else:
        both = _LABEL.element(inner, declared=False)
        if beside:
            both += _SOURCE.element(source, declared=False)
        edits.append(there.appended(_description(both, there.about, bare=there.rdf_is_usual)))
    return _edited(data, edits, at)


def with_one_label(packets: Sequence[bytes], inner: str, at: Sequence[int] = ()) -> list[bytes]:
    """Return ``packets`` of one file, of which the first holds the label and the others none."""
    places = [*at, *[0] * len(packets)]
    done = [with_label(packets[0], inner, places[0])]
    for packet, place in zip(packets[1:], places[1:], strict=False):
        data = _utf8(packet)
        if b"AIGC" not in data:
            done.append(packet)
            continue
        cuts = [Edit(hit.start, hit.end, b"") for hit in _labels(_scanned(data, place))]
        done.append(_edited(data, cuts, place) if cuts else packet)
    return done


def tightened(packet: bytes) -> bytes:
    """Return the packet without the white space that is kept at its end for later edits."""
    return _PADDING.sub(b"", packet)


def extended(packet: bytes) -> bytes:
    """Return what of a packet goes into an extended one: all but its wrapper and its padding."""
    return _WRAPPER.sub(b"", tightened(packet)).strip(b"\0 \t\r\n\xef\xbb\xbf")


def pointing_to(guid: str, inner: str) -> bytes:
    """Return a new packet with the label, and with the digest of the extended packet beside it."""
    note = (
        f'<rdf:Description rdf:about="" xmlns:xmpNote="http://ns.adobe.com/xmp/note/">'
        f"<xmpNote:HasExtendedXMP>{guid}</xmpNote:HasExtendedXMP></rdf:Description></rdf:RDF>"
    )
    return f"{_BEGIN}{_fresh(inner).replace('</rdf:RDF>', note)}{_END}".encode()


class _Name(NamedTuple):
    """A property as we write it."""

    prefix: str
    namespace: str
    local: str

    def element(self, value: str, *, declared: bool) -> bytes:
        name, xmlns = f"{self.prefix}:{self.local}", f' xmlns:{self.prefix}="{self.namespace}"'
        return f"<{name}{xmlns if declared else ''}>{_escaped(value)}</{name}>".encode()


_LABEL: Final = _Name("TC260", NAMESPACE, "AIGC")
_SOURCE: Final = _Name("Iptc4xmpExt", IPTC, "DigitalSourceType")


def _scanned(data: bytes, at: int) -> Packet:
    if len(data) > MOST_METADATA:
        raise refused("XMP packet", at, TOO_LARGE)
    there = scan(data)
    if isinstance(there, Packet):
        return there
    raise refused("XMP packet", at + there.offset, there.why)


def _labels(there: Packet) -> list[Hit]:
    """Return the property of TC260's namespace, and others of that name that hold a label."""
    return [hit for hit in there.labels if _is_ours(hit) or parsed(hit.raw) is not None]


def _is_ours(hit: Hit) -> bool:
    return hit.namespace == NAMESPACE


def _source(there: Packet, inner: str) -> str:
    """Return the source type that the packet is to state; none where the label is not sure."""
    if not _is_generated(inner):
        return ""
    return COMPOSED if any(hit.raw.strip() == COMPOSED for hit in there.sources) else GENERATED


def _is_generated(inner: str) -> bool:
    """Whether a label that is to be written says for sure that its content is generated."""
    try:
        return _AS_WRITTEN.decode(inner).Label == "1"
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        label = parsed(inner)
        return label is not None and label.fields.get("Label") == "1"


def _element(hit: Hit, data: bytes, name: _Name, value: str) -> bytes:
    """Return the element that takes the place of ``hit``: its prefix declared where it must be."""
    tag = data[hit.start : hit.tag_end]
    usual = re.match(rb"<%s:%s[\s/>]" % (name.prefix.encode(), name.local.encode()), tag)
    return name.element(value, declared=usual is None or b"xmlns:" + name.prefix.encode() in tag)


def _fresh(inner: str) -> str:
    both = _LABEL.element(inner, declared=False)
    if _is_generated(inner):
        both += _SOURCE.element(GENERATED, declared=False)
    return _FRESH.format(description=_description(both, "", bare=True).decode())


def _description(properties_: bytes, about: str, *, bare: bool) -> bytes:
    rdf = "" if bare else f' xmlns:rdf="{RDF}"'
    iptc = f' xmlns:Iptc4xmpExt="{IPTC}"' if b"<Iptc4xmpExt:" in properties_ else ""
    return (
        f'<rdf:Description rdf:about="{_escaped(about)}"{rdf} xmlns:TC260="{NAMESPACE}"{iptc}>'
    ).encode() + (properties_ + b"</rdf:Description>")


def _edited(data: bytes, edits: list[Edit], at: int) -> bytes:
    """Return ``data`` with ``edits`` made; they must not overlap (a label inside a label)."""
    parts, past = [], 0
    for edit in sorted(edits):
        if edit.start < past:
            if edit.end <= past and not edit.new:
                continue  # inside one that was taken in as a whole
            raise refused("XMP packet", at + edit.start, INCONSISTENT)
        parts += [data[past : edit.start], edit.new]
        past = edit.end
    return b"".join([*parts, data[past:]])


def _escaped(value: str) -> str:
    return html.escape(value, quote=False).replace('"', "&quot;")


def _utf8(packet: bytes) -> bytes:
    """Return the packet in UTF-8, which every format that we write asks for."""
    head = packet[:4]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head.strip(b"\0")[:2]:
        order = "utf-16-le" if head[:2] == b"\xff\xfe" or head[1:2] == b"\0" else "utf-16-be"
        try:
            text = packet.decode(order)
        except UnicodeDecodeError:
            return packet  # and expat refuses it
        return _DECLARED.sub("", text).lstrip("\ufeff").encode("utf-8", "replace")
    return packet


def _loose(text: str) -> list[str]:
    """Find labels in a packet that is no XML: the name, and the JSON that follows near by."""
    found_, past = [], 0
    text = html.unescape(text) if "&quot;" in text or "&#34;" in text else text
    decoder = json.JSONDecoder()
    for _ in range(_TRIES):
        name = text.find("AIGC", past)
        if name < 0:
            break
        start, past = text.find("{", name, name + _NEAR), name + 4
        if start < 0:
            continue
        try:
            value, length = decoder.raw_decode(text[start : start + MOST])
        except (ValueError, RecursionError):
            continue
        past = start + length
        if any(field in value or field in value.get("AIGC", ()) for field in FIELDS):
            found_.append(text[start:past])
    return found_
