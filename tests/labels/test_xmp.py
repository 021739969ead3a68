"""The label in an XMP packet: read in every form, written in one, all else as it was."""

import time

import pytest

from hegui.labels import xmp
from hegui.labels.value import Implicit
from hegui.terms import BadRequest
from hegui.testing.labelled import CODE, LABEL, OTHER

NS = xmp.NAMESPACE
INNER = LABEL.inner()
QUOTED = OTHER.inner().replace('"', "&quot;")
RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
PADDING = "\n" + (" " * 99 + "\n") * 20


def packet(inside: str) -> bytes:
    body = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {RDF}>{inside}</rdf:RDF></x:xmpmeta>'
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    return f'{begin}{body}{PADDING}<?xpacket end="w"?>'.encode()


def about(inside: str, attributes: str = "") -> str:
    return f'<rdf:Description rdf:about=""{attributes}>{inside}</rdf:Description>'


FORMS = {
    "element": about(f"<TC260:AIGC>{QUOTED}</TC260:AIGC>", f' xmlns:TC260="{NS}"'),
    "element with bare quotes": about(f'<a:AIGC xmlns:a="{NS}">{OTHER.inner()}</a:AIGC>'),
    "element, and an empty one before": about(
        f'<a:AIGC xmlns:a="{NS}"/><b:AIGC xmlns:b="{NS}">{QUOTED}</b:AIGC>'
    ),
    "element in CDATA": about(f'<AIGC xmlns="{NS}"><![CDATA[{OTHER.inner()}]]></AIGC>'),
    "attribute": about("", f' xmlns:TC260="{NS}" TC260:AIGC="{QUOTED}"'),
    "attribute of an empty tag": f'<rdf:Description xmlns:x="{NS}" x:AIGC="{QUOTED}"/>',
    "attribute in single quotes": f"<rdf:Description x:AIGC='{OTHER.inner()}' xmlns:x=\"{NS}\"/>",
    "wrapped": about(f'<q:AIGC xmlns:q="{NS}">{OTHER.wrapped()}</q:AIGC>'),
    "alternatives": about(
        f'<q:AIGC xmlns:q="{NS}"><rdf:Alt><rdf:li xml:lang="x-default">{QUOTED}</rdf:li></rdf:Alt>'
        "</q:AIGC>"
    ),
    "another namespace": about(f'<m:AIGC xmlns:m="http://example.org/">{QUOTED}</m:AIGC>'),
    "nested": about(
        f'<m:of xmlns:m="m:"><rdf:li><q:AIGC xmlns:q="{NS}">{QUOTED}</q:AIGC></rdf:li></m:of>'
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_label_is_read_in_every_form(form: str, coding: str) -> None:
    data = packet(FORMS[form]).decode().encode(coding)
    assert OTHER.ProduceID in xmp.labels_in(data)[-1]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_way_to_one_element(form: str) -> None:
    new = xmp.with_label(packet(FORMS[form]), INNER)
    assert xmp.properties(new) == [xmp.Property(INNER, guide=True)]
    assert b"<TC260:AIGC" in new
    assert b"&quot;Label&quot;" in new
    assert b"older" not in new
    assert xmp.with_label(new, INNER) == new


def test_a_new_packet_holds_the_label_and_the_source_type() -> None:
    new = xmp.with_label(None, INNER)
    assert new == xmp.with_label(b"", INNER) == xmp.with_label(b"\0\0", INNER)
    assert xmp.labels_in(new) == [INNER]
    assert xmp.GENERATED.encode() in new


def test_all_else_in_a_packet_stays_byte_for_byte() -> None:
    rest = (
        about("<dc:title><rdf:Alt/></dc:title>", " xmlns:dc=\"d:\" dc:x = '1'") + "<!-- ü 标识 -->"
    )
    old = packet(rest)
    new = xmp.with_label(old, INNER)
    start, end = new.index(b'<rdf:Description rdf:about="" xmlns:TC260'), new.index(b"</rdf:RDF>")
    assert new[:start] + new[end:] == old


def test_other_properties_of_the_namespace_stay() -> None:
    own = f"<TC260:Other>1</TC260:Other><TC260:AIGC>{QUOTED}</TC260:AIGC>"
    new = xmp.with_label(packet(about(own, f' xmlns:TC260="{NS}"')), INNER)
    assert b"<TC260:Other>1</TC260:Other><TC260:AIGC>" in new


def test_the_description_is_about_the_same_thing() -> None:
    new = xmp.with_label(packet('<rdf:Description rdf:about="uuid:1&amp;2" a="b"/>'), INNER)
    assert new.count(b'rdf:about="uuid:1&amp;2"') == 2


@pytest.mark.parametrize("whole", [f"<rdf:RDF {RDF}/>", f"<r:RDF {RDF.replace('rdf=', 'r=')}/>"])
def test_an_empty_rdf_element_is_opened(whole: str) -> None:
    new = xmp.with_label(whole.encode(), INNER)
    assert xmp.labels_in(new) == [INNER]


@pytest.mark.parametrize(
    "source",
    [
        "<i:DigitalSourceType>http://x/digitalCapture</i:DigitalSourceType>",
        '<i:DigitalSourceType rdf:resource="http://x/digitalCapture"/>',
        "<i:DigitalSourceType>trainedAlgorithmicMedia</i:DigitalSourceType>",
    ],
)
def test_a_source_type_that_is_there_is_set_right(source: str) -> None:
    new = xmp.with_label(packet(about(source, f' xmlns:i="{xmp.IPTC}"')), INNER)
    assert new.count(b"DigitalSourceType xmlns") == new.count(b"DigitalSourceType>") == 1
    assert new.count(xmp.GENERATED.encode()) == 1
    assert b"digitalCapture" not in new
    assert xmp.with_label(new, INNER) == new


def test_a_source_type_in_an_attribute_is_set_right() -> None:
    old = packet(f'<rdf:Description xmlns:i="{xmp.IPTC}" i:DigitalSourceType="x" i:City="C"/>')
    new = xmp.with_label(old, INNER)
    assert b'i:City="C"/>' in new
    assert b'i:DigitalSourceType="x"' not in new
    assert new.count(xmp.GENERATED.encode()) == 1


def test_a_composite_with_generated_parts_stays_one() -> None:
    source = f"<i:DigitalSourceType>{xmp.COMPOSED}</i:DigitalSourceType>"
    new = xmp.with_label(packet(about(source, f' xmlns:i="{xmp.IPTC}"')), INNER)
    assert xmp.COMPOSED.encode() in new
    assert xmp.GENERATED.encode() not in new


def test_the_source_type_of_something_nested_is_not_ours() -> None:
    nested = (
        f'<m:of xmlns:m="m:"><rdf:li xmlns:i="{xmp.IPTC}">'
        "<i:DigitalSourceType>http://x/digitalCapture</i:DigitalSourceType></rdf:li></m:of>"
    )
    new = xmp.with_label(packet(about(nested)), INNER)
    assert b"http://x/digitalCapture" in new
    assert xmp.GENERATED.encode() in new


@pytest.mark.parametrize("label", ["2", "3"])
def test_what_is_only_suspected_leaves_the_source_type_alone(label: str) -> None:
    source = "<i:DigitalSourceType>http://x/digitalCapture</i:DigitalSourceType>"
    old = packet(about(source, f' xmlns:i="{xmp.IPTC}"'))
    new = xmp.with_label(old, Implicit(label, CODE, "a", "", CODE, "a", "").inner())
    assert b"digitalCapture" in new
    assert xmp.GENERATED.encode() not in new


def test_of_several_packets_only_the_first_holds_a_label() -> None:
    plain, other = packet(about("<a/>")), packet(FORMS["attribute"])
    first, second, third = xmp.with_one_label([plain, other, plain], INNER)
    assert xmp.labels_in(first) == [INNER]
    assert xmp.labels_in(second) == []
    assert third == plain


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
REFUSED = {
    "a DTD": (BOMB.encode() + packet(about("")), "DTD"),
    "an entity of its own": (packet(about("&nbsp;")), "well-formed"),
    "an open element": (packet("<rdf:Description>"), "well-formed"),
    "bytes behind the end": (packet("") + b"<more/>", "well-formed"),
    "no UTF-8": (packet("").replace(b"meta/", b"meta/\xff"), "well-formed"),
    "half of UTF-16": (packet("").decode().encode("utf-16")[:-1], "well-formed"),
    "no rdf:RDF": (b"<x/>", "rdf:RDF"),
    "depth": (packet("<a>" * 200 + "</a>" * 200), "deeply"),
    "elements": (packet("<a/>" * 200_001), "too many"),
    "attributes": (packet("<a " + " ".join(f'b{n}=""' for n in range(200_001)) + "/>"), "too many"),
    "size": (packet(" " * (16 << 20)), "larger"),
    "a label around the packet": (
        f'<q:AIGC xmlns:q="{NS}"><rdf:RDF {RDF}></rdf:RDF></q:AIGC>'.encode(),
        "length",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_packet_that_cannot_be_trusted_is_refused_and_never_raises_when_read(what: str) -> None:
    data, why = REFUSED[what]
    began = time.process_time()
    with pytest.raises(BadRequest, match=why):
        xmp.with_label(data, INNER, 1000)
    xmp.labels_in(data)
    assert time.process_time() - began < 2


def test_a_refusal_gives_the_place_in_the_file() -> None:
    data = packet("</rdf:Description>")
    with pytest.raises(BadRequest, match=f"at byte {1000 + data.index(b'</rdf:Desc') + 2}:"):
        xmp.with_label(data, INNER, 1000)


def test_many_attributes_of_the_name_take_no_more_than_their_number() -> None:
    spaces = " ".join(f'xmlns:n{n}="u:{n}" n{n}:AIGC="{{}}"' for n in range(5_000))
    data = packet(f"<rdf:Description {spaces}/>")
    began = time.process_time()
    assert xmp.labels_in(xmp.with_label(data, INNER)) == [INNER]
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "text",
    [
        f'<x TC260:AIGC="{OTHER.inner()}">',
        f"<TC260:AIGC>{QUOTED}",
        f"{BOMB}<TC260:AIGC>{OTHER.wrapped()}</TC260:AIGC>",
        f"AIGC {{ AIGC AIGC{OTHER.inner()} AIGC",
    ],
)
def test_a_label_is_seen_in_a_packet_that_is_no_xml(text: str) -> None:
    (one,) = xmp.properties(text.encode())
    assert "older" in one.raw
    assert not one.guide


def test_a_search_in_what_is_no_xml_ends_soon() -> None:
    began = time.process_time()
    assert xmp.labels_in(b'<AIGC{"a":[' * 60 + b"1," * 7_000_000) == []
    assert xmp.labels_in(b'AIGC{"a":' * 100_000) == []
    assert time.process_time() - began < 2


def test_the_name_alone_is_no_label() -> None:
    assert xmp.labels_in(packet(about('<m:AIGC xmlns:m="http://example.org/">yes</m:AIGC>'))) == []
    assert xmp.labels_in(b"AIGC{" * 9_000) == []
