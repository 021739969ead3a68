"""The door to C2PA manifests: put into a labelled file as the last thing.

The library (``hegui[c2pa]``) writes into a new file and is not believed: what it wrote is read
again, must hold the manifest with its parent, the label at its place and the same content, or
nothing is put in place.
"""

import os
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from hegui import __version__
from hegui.app import carrying, proving
from hegui.app.disk import FileSource
from hegui.app.manifest_keys import Stamp
from hegui.app.manifest_reading import SOUND, context, library, plain, shown, told_by
from hegui.app.manifest_stamps import Relay, relay
from hegui.labels import id3
from hegui.labels.container import Format
from hegui.labels.manifests import is_manifest, manifests
from hegui.labels.recognising import HEAD
from hegui.labels.value import Implicit
from hegui.terms import BadRequest, Corrupt, HeguiError, Unavailable, Words

HOLDING: Final = frozenset("jpeg png webp gif tiff heic avif mp4 mov m4a mp3 wav avi".split())
"""The formats that get a manifest.

Not PDF, which the library would write anew as a whole, nor FLAC, before which it would put a tag
that makes other programs take the file for an MP3.
"""
GENERATED: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


class SigningKey(Protocol):
    """A certificate's key, here or where it is asked for; see ``manifest_keys.ManifestKey``."""

    stamp: Stamp
    failed: HeguiError | None

    @property
    def authority(self) -> str:
        """The URL of the authority that stamps manifests; empty where none is wanted."""
        ...

    @property
    def must_stamp(self) -> bool:
        """Whether a manifest without a time stamp is not to be written."""
        ...

    def signer(self, c2pa: Any, stamps: str = "") -> Any:
        """Return the signer as the library wants it."""
        ...


class Signs(NamedTuple):
    """Who signs, at which time (UTC ms), and whether a format that holds no manifest is refused."""

    key: SigningKey
    now: int
    required: bool

    def fit(self, form: Format) -> bool:
        """Whether a file of this format gets one; ``BadRequest`` where it must and cannot."""
        if form.name not in HOLDING and self.required:
            raise BadRequest(_NO_HOLD.fill(form=form.name), code="no_manifest_place")
        return form.name in HOLDING


class Claim(NamedTuple):
    """What the manifest has to tell of a file that was labelled."""

    label: Implicit
    drawn: bool
    opened: bool  # from a file that had its own provenance, or another producer


_Files: TypeAlias = tuple[FileSource, FileSource, int]


class _Unstamped(Exception):
    """The authority gave no time stamp that holds; its argument says why, in a word."""


def carries(form: Format, source: FileSource) -> bool:
    """Whether a file carries a manifest."""
    return bool(manifests(form, source))


def require_none(form: Format, source: FileSource) -> None:
    """Refuse a file whose manifest a new label would break, for nobody signs it anew."""
    there = manifests(form, source)
    if there:
        words = _BROKEN_BY_LABEL if form.name in HOLDING else _BROKEN_FOR_GOOD
        raise BadRequest(words.fill(at=there[0].offset), code="manifest")


def signed(signs: Signs, form: Format, files: _Files, claim: Claim) -> FileSource:
    """Write a labelled file with a manifest, and prove it.

    ``files`` are the file as it came, that with its label, and the new one's handle. The one that
    came is kept as the parent where it was ``opened``. Returns the new file. Refused
    (``BadRequest``) is what the library cannot sign, or only with other changes to the file.
    ``Unavailable`` where a time stamp must be had and is not.
    """
    key, there = signs.key, shown(form, files[0])
    if there is not None and there.state == "inconclusive":
        raise BadRequest(_NOT_READ, code="manifest")  # before it is read in this process
    key.stamp, key.failed = "", None  # of this file, not of the one before
    if not key.authority:
        told = _manifested(signs, form, files, claim, None)
    else:
        with relay(key.authority) as stamps:
            told = _stamped(signs, form, files, claim, stamps)
    _, labelled, handle = files
    new = FileSource(handle)
    _require_manifest(told, claim, kept=there is not None)
    proving.same_label(form, new, claim.label)
    _require_same_content(form, labelled, new)
    return new


def _stamped(
    signs: Signs, form: Format, files: _Files, claim: Claim, stamps: Relay
) -> dict[str, Any]:
    """Sign with a time stamp; without one only where the settings allow it."""
    try:
        told = _manifested(signs, form, files, claim, stamps)
    except _Unstamped as error:
        if signs.key.must_stamp:
            raise Unavailable(_NO_STAMP.fill(why=error.args[0])) from None
    else:
        signs.key.stamp = "stamped"
        return told
    os.ftruncate(files[2], 0)
    os.lseek(files[2], 0, os.SEEK_SET)
    told = _manifested(signs, form, files, claim, None)
    signs.key.stamp = "missing"
    return told


def _manifested(
    signs: Signs, form: Format, files: _Files, claim: Claim, stamps: Relay | None
) -> dict[str, Any]:
    """Have the library write the new file, and return what it reads of it."""
    c2pa, (old, labelled, handle) = library(), files
    try:
        builder = c2pa.Builder(_definition(signs, claim), context(c2pa))
        if claim.opened:
            with os.fdopen(os.dup(old.handle), "rb") as parent:
                parent.seek(0)
                told = {"relationship": "parentOf", "label": "parent"}
                builder.add_ingredient(told, form.mime[0], parent)
        signer = signs.key.signer(c2pa, stamps.url if stamps is not None else "")
        with (
            os.fdopen(os.dup(labelled.handle), "rb") as before,
            os.fdopen(os.dup(handle), "r+b") as after,
        ):
            before.seek(0)
            builder.sign(signer, form.mime[0], before, after)
        read = told_by(c2pa, form, handle)
    except c2pa.C2paError as error:
        if signs.key.failed is not None:
            raise signs.key.failed from None
        if stamps is not None and stamps.asked:
            raise _Unstamped(stamps.trouble or "bad-stamp") from None
        raise BadRequest(_NOT_SIGNED.fill(why=plain(str(error))), code="not_signed") from None
    if stamps is not None and not _is_stamped(read):
        raise _Unstamped("bad-stamp")
    return read


def _is_stamped(told: dict[str, Any]) -> bool:
    """Whether the library found the time stamp good; it knows no authority to trust."""
    good = told.get("validation_results", {}).get("activeManifest", {}).get("success", [])
    return any(one.get("code") == "timeStamp.validated" for one in good)


def _definition(signs: Signs, claim: Claim) -> dict[str, Any]:
    """Return what the manifest says: who made or changed what, when, and nothing of the content."""
    when = datetime.fromtimestamp(signs.now / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    agent = {"name": "hegui", "version": __version__}
    # the IPTC type says "is generated": a label that says less must not be outdone by it
    source = {"digitalSourceType": GENERATED} if claim.label.Label == "1" else {}
    by = {"when": when, "softwareAgent": agent}
    if claim.opened:
        change = "c2pa.edited" if claim.drawn else "c2pa.edited.metadata"
        parent = {"parameters": {"ingredientIds": ["parent"]}}
        actions = [{"action": "c2pa.opened", **by, **source, **parent}, {"action": change, **by}]
    else:
        actions = [{"action": "c2pa.created", **by, **source}]
    assertion = {"label": "c2pa.actions.v2", "data": {"actions": actions}}
    return {"claim_generator_info": [agent], "assertions": [assertion]}


def _require_manifest(told: dict[str, Any], claim: Claim, *, kept: bool) -> None:
    """Require that the manifest, read from what was written, holds and has its parent's in it."""
    active = told.get("manifests", {}).get(told.get("active_manifest"), {})
    parents = [
        one for one in active.get("ingredients", []) if one.get("relationship") == "parentOf"
    ]
    if told["validation_state"] not in SOUND or len(parents) != claim.opened:
        raise Corrupt(_NOT_SOUND)
    if kept and not parents[0].get("active_manifest"):
        raise BadRequest(_NOT_KEPT, code="manifest")


def _require_same_content(form: Format, labelled: FileSource, new: FileSource) -> None:
    content = [carrying.digest(one, form.payload(one)) for one in (labelled, new)]
    frames = [
        sum(not is_manifest(frame) for tag in id3.tags(one) for frame in tag.frames)
        for one in (labelled, new)
    ]
    same = content[0] == content[1] and frames[0] == frames[1]
    if not same or not form.matches(new.read(0, HEAD)):
        raise BadRequest(_OTHERWISE, code="not_signed")


_NO_HOLD: Final = Words(
    en="No C2PA manifest can be put into a file of the format {form}. Nothing was written; leave"
    " --c2pa out for it.",
    zh="{form} 格式的文件无法写入 C2PA 清单。未写入任何内容；处理此文件时请不要使用 --c2pa。",
)
_BROKEN_BY_LABEL: Final = Words(
    en="The file carries a signed C2PA manifest (at byte {at}), which a new label would break."
    " Nothing was written. With --c2pa the file is signed anew and the manifest kept in it: pip"
    " install 'hegui[c2pa]', and set [labels.c2pa].",
    zh="文件带有已签名的 C2PA 清单（第 {at} 字节处），写入新标识会使其失效。未写入任何内容。"
    "使用 --c2pa 可重新签名并在新清单中保留原清单：请运行 pip install 'hegui[c2pa]'，"
    "并配置 [labels.c2pa]。",
)
_BROKEN_FOR_GOOD: Final = Words(
    en="The file carries a signed C2PA manifest (at byte {at}), which a new label would break, and"
    " in this format hegui cannot sign it anew. Nothing was written. Label the file before it is"
    " signed.",
    zh="文件带有已签名的 C2PA 清单（第 {at} 字节处），写入新标识会使其失效，"
    "而 hegui 无法为此格式重新签名。未写入任何内容。请先加标识再签名。",
)
_NOT_SIGNED: Final = Words(
    en="The file cannot be signed as C2PA wants it ({why}). Nothing was written; leave --c2pa out"
    " for it.",
    zh="无法按 C2PA 要求为此文件签名（{why}）。未写入任何内容；处理此文件时请不要使用 --c2pa。",
)
_NO_STAMP: Final = Words(
    en="The time-stamping authority of [labels.c2pa] time_stamps gave no time stamp that holds"
    " ({why}). Nothing was written; run it again later, or set time_stamp_required = false to sign"
    " without one while it is away.",
    zh="[labels.c2pa] time_stamps 指定的时间戳机构未给出有效时间戳（{why}）。未写入任何内容；"
    "请稍后重试，或设置 time_stamp_required = false，在机构不可用时不带时间戳签名。",
)
_NOT_SOUND: Final = Words(
    en="The C2PA manifest, read back, does not hold. Nothing was put in place; please report it.",
    zh="写入后读回的 C2PA 清单未通过验证。未替换任何文件，请向我们报告。",
)
_NOT_KEPT: Final = Words(
    en="The C2PA manifest that the file carries cannot be read, so it cannot be kept in a new one."
    " Nothing was written. Label the file from before it was signed.",
    zh="文件所带的 C2PA 清单无法读取，因此无法保留到新清单中。未写入任何内容。"
    "请对签名之前的文件加标识。",
)
_NOT_READ: Final = Words(
    en="The program that reads C2PA manifests broke over the file's own, or took too long. Nothing"
    " was written. Label the file from before it was signed.",
    zh="读取该文件自带的 C2PA 清单时，读取程序异常退出或超时。未写入任何内容。"
    "请对签名之前的文件加标识。",
)
_OTHERWISE: Final = Words(
    en="Signing would change more of the file than its C2PA manifest: its content or its tags."
    " Nothing was written; leave --c2pa out for it.",
    zh="签名会改动 C2PA 清单以外的部分（内容或标签）。未写入任何内容；"
    "处理此文件时请不要使用 --c2pa。",
)
