"""A file in memory with both its labels, or a refusal that says why."""

import hashlib
import zlib
from struct import pack

import pytest

from hegui.labels.recognising import recognised
from hegui.labels.whole import whole
from hegui.terms import BadRequest
from hegui.testing import media, pictures, sounds
from hegui.testing.labelled import LABEL, OTHER, labelled, labels


def test_a_picture_gets_its_notice_and_its_label_and_the_digests_say_so() -> None:
    data = media.picture(60, 40)
    made = whole(data, LABEL, "auto", kinds=("image/",))
    assert (made.format, made.mime, made.explicit, made.cause) == (
        "png",
        "image/png",
        "drawn",
        "added",
    )
    assert made.received == hashlib.sha256(data).hexdigest()
    assert made.file == hashlib.sha256(made.data).hexdigest()
    assert made.content != made.shown
    form = recognised(made.data, "")
    assert form is not None
    assert [one.raw for one in labels(form, made.data)] == [LABEL.inner()]


def test_under_an_agreement_the_content_is_the_same_and_the_label_there() -> None:
    made = whole(media.picture(60, 40), LABEL, "agreement")
    assert made.content == made.shown
    assert made.explicit == "agreement"


def test_that_a_manifest_holds_no_more_is_said() -> None:
    picture = media.picture(60, 40)
    held = b"caBX" + bytes(8)
    chunk = pack(">I", len(held) - 4) + held + pack(">I", zlib.crc32(held))
    assert whole(picture[:33] + chunk + picture[33:], LABEL, "auto").manifest
    assert not whole(picture, LABEL, "auto").manifest


def test_an_older_label_of_ours_is_replaced() -> None:
    form = recognised(pictures.jpeg(), "")
    assert form is not None
    made = whole(labelled(form, pictures.jpeg(), OTHER), LABEL, "auto")
    assert made.cause == "replaced"
    assert [one.raw for one in labels(form, made.data)] == [LABEL.inner()]


def test_sound_is_labelled_as_the_mode_says() -> None:
    assert whole(sounds.mp3(), LABEL, "auto", kinds=("audio/",)).explicit == "drawn"
    assert whole(sounds.flac(), LABEL, "interface", kinds=("audio/",)).explicit == "interface"


@pytest.mark.parametrize(
    ("data", "kinds", "code"),
    [
        (b"", (), "unknown_format"),
        (b"<html>", ("image/",), "unknown_format"),
        (sounds.mp3(), ("image/",), "unknown_format"),
        (media.picture(20, 20)[:-20], ("image/",), "file_broken"),
        (b"BM" + bytes(52), ("image/",), "file_broken"),
    ],
)
def test_a_refusal_says_why(data: bytes, kinds: tuple[str, ...], code: str) -> None:
    with pytest.raises(BadRequest) as caught:
        whole(data, LABEL, "auto", kinds=kinds)
    assert caught.value.code == code
