"""The notice in texts: where it stands, in which encoding, and that nothing else changes."""

import codecs
import re
import time

import pytest

from hegui.labels.explicit.text import noticed
from hegui.labels.text import notice
from hegui.terms import BadRequest

LANGUAGES = ("zh", "zh+en")
BODY = "正文一行\n\n第二行\n"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_plain_text_keeps_its_encoding_and_its_line_ends(
    language: str, encoding: str, end: str
) -> None:
    body, words = BODY.replace("\n", end), notice(language)
    data = body.encode(encoding)
    assert noticed(data, "txt", language).decode(encoding) == f"{words}{end}{end}{body}"
    at_end = f"{body}{end}{words}{end}"
    assert noticed(data, "txt", language, "end").decode(encoding) == at_end
    both = noticed(data, "txt", language, "both")
    assert both.decode(encoding) == f"{words}{end}{end}{at_end}"
    assert noticed(both, "txt", language, "both") == both


def test_an_english_start_does_not_hide_the_encoding_of_the_rest() -> None:
    data = b"x" * 3_000_000 + "正文".encode("gb18030")
    assert noticed(data, "txt", "zh").startswith(notice("zh").encode("gb18030"))


def test_an_empty_text_and_one_without_a_line_end_get_a_notice() -> None:
    assert noticed(b"", "txt", "zh", "end").decode().strip() == notice("zh")
    assert noticed(b"a", "txt", "zh", "end").decode() == f"a\n\n{notice('zh')}\n"


def test_markdown_has_its_notice_behind_the_front_matter() -> None:
    head = "---\ntitle: a\n---\n"
    new = noticed((head + BODY).encode(), "markdown", "zh").decode()
    assert new == f"{head}{notice('zh')}\n\n{BODY}"
    assert noticed(b"---\na: b\n---\n", "markdown", "zh").decode().endswith(f"{notice('zh')}\n\n")


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_a_code_fence_that_is_open_is_closed_before_the_notice(fence: str) -> None:
    new = noticed(f"a\n{fence}py\nb".encode(), "markdown", "zh", "end").decode()
    assert new == f"a\n{fence}py\nb\n{fence}\n\n{notice('zh')}\n"


PAGES = {
    "usual": (
        "<!doctype html><html><head><title><body></title></head><body class='a>b'>",
        "</body></html>",
    ),
    "comment": ("<!-- <body> --><BODY>", "</BODY><!-- </body> -->"),
    "script": ("<body>", "<script>'</body>'</script></body>"),
    "without a body": ("<!doctype html>", ""),
    "bare": ("", ""),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_a_page_has_its_notice_in_its_body_in_any_encoding(
    name: str, language: str, encoding: str
) -> None:
    head, tail = PAGES[name]
    data = f"{head}<p>正文</p>{tail}".encode(encoding)
    made = f'<p class="aigc-notice">{notice(language)}</p>'
    made = made.encode("ascii", "xmlcharrefreplace").decode()
    both = noticed(data, "html", language, "both").decode(encoding)
    ends = tail.replace("</body>", f"{made}</body>") if name == "usual" else tail
    if name == "usual":
        assert both == f"{head}{made}<p>正文</p>{ends}"
    assert both.count(made) == 2
    assert both.replace(made, "") == data.decode(encoding)
    assert re.search(re.escape(made) + r"\s*<p>正文", both)
    assert noticed(both.encode(encoding), "html", language, "both") == both.encode(encoding)


def test_a_page_of_open_tags_takes_no_time() -> None:
    start = time.process_time()
    for piece in (b"<", b"<!--", b"<a ", b'<a "', b"<script>", b"<body "):
        noticed(piece * (500_000 // len(piece)), "html", "zh", "both")
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("data", "form", "why"),
    [
        (b"a,b", "csv", "CSV"),
        (b"{}", "json", "JSON"),
        (b"\xff\xff\xff", "txt", "encoding"),
        (codecs.BOM_UTF16_LE, "html", "encoding"),
        (codecs.BOM_UTF16_LE + b"a\0", "markdown", "encoding"),
        (b" " * (17 << 20), "html", "larger"),
    ],
)
def test_a_text_without_a_place_is_refused(data: bytes, form: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        noticed(data, form, "zh")
