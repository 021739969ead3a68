"""Manifests of strangers' files, signed anew by a process that has no key."""

import base64
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from tests.app.manifested import NOW, carrying_a_manifest, manifest_in, table

from hegui.app import manifest_reading
from hegui.app.manifest_apart import ManifestApart
from hegui.labels.whole import whole
from hegui.runners.label_bench import Labelled
from hegui.runners.label_frames import Inspect, Inspection
from hegui.runners.label_worker import inspection
from hegui.settings.c2pa import C2pa
from hegui.terms import Misconfigured, Unavailable
from hegui.testing.certificates import SINCE, chain
from hegui.testing.labelled import LABEL
from hegui.testing.samples import samples

pytestmark = pytest.mark.asyncio
EVERY = {one.name: one.data for one in samples()}
SPREADS = "001191350100M000100Y4320000"
DEAD = "http://127.0.0.1:9/"


@pytest.fixture
def chosen(tmp_path: Path) -> C2pa:
    folder = tmp_path / "ours"
    folder.mkdir()
    return table(folder, chain())


def told(data: bytes) -> Inspection:
    """Return what the process that reads files says of one that its user declared."""
    return inspection(Inspect("a", declared=True, traces=[], code=SPREADS, number="p"), data)


async def sealed(chosen: C2pa, data: bytes, deadline: float = 60.0) -> Inspection:
    return await ManifestApart(chosen, lambda: NOW, deadline)(data, told(data))


async def test_with_always_a_file_gets_one_where_it_can_and_its_fields_anyway(
    chosen: C2pa, tmp_path: Path
) -> None:
    always = replace(chosen, always=True)
    said = await sealed(always, EVERY["jpeg"])
    assert (said.cause, said.c2pa) == ("added", "signed")
    seen = manifest_in(tmp_path, base64.b64decode(b"".join(said.file)))
    assert seen is not None
    assert (seen.state, seen.parents) == ("valid", 0)
    for name, state in (("wav streamed", "unsigned"), ("flac", "")):
        said = await sealed(always, EVERY[name])
        assert (said.cause, said.c2pa) == ("added", state)
        assert said.file


async def test_a_manifest_that_cannot_be_read_is_refused_and_none_is_broken(chosen: C2pa) -> None:
    chunk = bytes.fromhex("00000010 63614258 00000010 6a756d62 0000000000000000 8fd36e2a")
    at = EVERY["png"].index(b"IDAT") - 4
    data = EVERY["png"][:at] + chunk + EVERY["png"][at:]
    said = await sealed(chosen, data)
    assert (said.cause, said.file, said.after) == ("refused", [], said.before)
    assert "清单" in said.why_zh


async def test_a_manifest_that_holds_no_more_is_kept_all_the_same(
    chosen: C2pa, tmp_path: Path
) -> None:
    theirs = carrying_a_manifest(tmp_path, EVERY["jpeg"], ".jpeg")
    said = await sealed(chosen, theirs[:2] + b"\xff\xfe\0\x05abc" + theirs[2:])
    seen = manifest_in(tmp_path, base64.b64decode(b"".join(said.file)))
    assert seen is not None
    assert (said.c2pa, seen.state, seen.parents) == ("signed", "valid", 1)


async def test_without_a_time_stamp_that_must_be_had_nothing_is_given_out(
    chosen: C2pa, tmp_path: Path
) -> None:
    theirs = carrying_a_manifest(tmp_path, EVERY["png"], ".png")
    with pytest.raises(Unavailable, match="time"):
        await sealed(replace(chosen, time_stamps=DEAD), theirs)


async def test_a_process_that_is_late_is_killed_and_the_file_refused(
    chosen: C2pa, tmp_path: Path
) -> None:
    theirs = carrying_a_manifest(tmp_path, EVERY["png"], ".png")
    assert (await sealed(chosen, theirs, 0.001)).cause == "refused"


async def test_a_process_that_a_file_has_taken_over_gets_nothing_else_signed(
    chosen: C2pa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    data, always = EVERY["png"], replace(chosen, always=True)
    apart = ManifestApart(always, lambda: NOW, module="hegui.testing.greedy_signer")
    said = await apart(data, told(data))
    assert (said.cause, said.c2pa) == ("added", "unsigned")
    assert not (tmp_path / "greedy").exists()


async def test_a_certificate_is_judged_at_the_start_and_before_each_file(chosen: C2pa) -> None:
    early = int(SINCE.timestamp() * 1000) - 1
    with pytest.raises(Misconfigured, match="in force"):
        ManifestApart(chosen, lambda: early)
    times = iter([NOW, NOW * 2])
    apart = ManifestApart(replace(chosen, always=True), lambda: next(times))
    with pytest.raises(Misconfigured, match="in force"):
        await apart(EVERY["png"], told(EVERY["png"]))


async def test_what_a_model_made_and_signed_is_kept_in_ours_with_the_notice_upon_it(
    chosen: C2pa, tmp_path: Path
) -> None:
    theirs = carrying_a_manifest(tmp_path, EVERY["jpeg"], ".jpeg")
    done = whole(theirs, LABEL, "auto")
    apart = ManifestApart(chosen, lambda: NOW)
    made = await apart.made(theirs, Labelled(done, len(done.data)), encoded=False)
    assert made is not None
    one = made.labelled.whole
    seen = manifest_in(tmp_path, one.data)
    assert seen == manifest_reading.Shown("valid", "Test signer, hegui test", parents=1)
    assert (one.file, made.labelled.size) == (hashlib.sha256(one.data).hexdigest(), len(one.data))
    plain = whole(EVERY["jpeg"], LABEL, "auto")
    assert await apart.made(EVERY["jpeg"], Labelled(plain, 1), encoded=False) is None
