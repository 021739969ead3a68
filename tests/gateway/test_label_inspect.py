"""A platform brings a user's file and learns what to tell of it, on record."""

import base64
import hashlib
import io
import json
import os
import signal
import tempfile
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tests.app.manifested import carrying_a_manifest, manifest_in
from tests.gateway.spine import Spine, spine

from hegui.app import manifest_reading
from hegui.gateway.http import Doorkeeper
from hegui.gateway.label_inspect import LabelInspect, Numbered
from hegui.labels import security, sm2
from hegui.labels.formats.png import PNG
from hegui.labels.judging import judged
from hegui.labels.value import Implicit
from hegui.terms import Entry, Receipt, Unavailable, Words
from hegui.testing import pictures
from hegui.testing.certificates import chain
from hegui.testing.hostile_uploads import hostile_uploads
from hegui.testing.labelled import labelled, labels, payload
from hegui.testing.samples import samples
from hegui.testing.serve import running

pytestmark = pytest.mark.asyncio(loop_scope="module")

FRESH = pictures.samples()["png"]
THEIRS = Implicit("1", "001191310104MACE0YX63918020", "t-1", "r-1", "x", "t-1", "r-2")
_CHUNK = b"caBX" + b"\0\0\0\x10jumb" + bytes(8)
HELD = (len(_CHUNK) - 4).to_bytes(4, "big") + _CHUNK + zlib.crc32(_CHUNK).to_bytes(4, "big")
_AT = FRESH.index(b"IDAT") - 4
PNG_MANIFEST = FRESH[:_AT] + HELD + FRESH[_AT:]
OURS = "001191350100M000100Y4320000"  # the credit code of the settings, as a propagation service


async def inspect(
    s: Spine, data: bytes, name: str = "a.png", key: str | None = None, **fields: str
) -> tuple[int, Any]:
    form = aiohttp.FormData()
    for field, value in fields.items():
        form.add_field(field, value)
    form.add_field("file", io.BytesIO(data), filename=name)
    sent = {"authorization": f"Bearer {s.key if key is None else key}"}
    async with s.http.post(f"{s.base}/label/inspect", data=form, headers=sent) as reply:
        return reply.status, json.loads(await reply.read())


def last(s: Spine) -> dict[str, Any]:
    return [one for one in s.records("label.inspected") if one["tenant"] == "default"][-1]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[Spine]:
    async with spine(keys={"school": {"tenant": "school"}}) as s:
        yield s


async def test_a_file_whose_label_says_so_is_generated_and_gets_our_fields_once(
    house: Spine,
) -> None:
    data = labelled(PNG, FRESH, THEIRS)
    status, said = await inspect(house, data, declared="no", propagate_id="p-1")
    assert (status, said["conclusion"], said["cause"]) == (200, "is", "kept")
    assert "属于人工智能生成合成内容" in said["notice"]["zh"]
    new = base64.b64decode(said["file"])
    (there,) = labels(PNG, new)
    assert there.parsed is not None
    wanted = Implicit("1", THEIRS.ContentProducer, "t-1", "r-1", OURS, "p-1", "")
    assert there.parsed.implicit == wanted
    assert said["label"] == {name: getattr(wanted, name) for name in wanted.__struct_fields__}
    assert payload(PNG, new) == payload(PNG, FRESH)
    digests = [hashlib.sha256(one).hexdigest() for one in (data, new, payload(PNG, FRESH))]
    assert list(said["sha256"].values()) == digests
    record = last(house)
    assert [record[name] for name in ("before", "after", "payload")] == digests
    assert (record["conclusion"], record["cause"], record["label"]) == ("is", "kept", "1")
    assert (record["propagate"], record["declared"], record["found"]) == ("p-1", False, 1)
    assert "a.png" not in json.dumps(record)

    _, again = await inspect(house, new, declared="yes")
    assert (again["conclusion"], again["cause"], again["file"]) == ("is", "already", None)
    assert again["label"]["PropagateID"] == "p-1"
    assert last(house)["propagate"] == ""


@pytest.mark.parametrize(
    ("fields", "conclusion", "label", "words"),
    [
        ({"declared": "yes"}, "may_be", "2", "可能为"),
        ({"declared": "no", "traces": "explicit,other"}, "suspected", "3", "疑似为"),
    ],
)
async def test_a_file_without_a_label_is_told_by_declaration_or_traces(
    house: Spine, fields: dict[str, str], conclusion: str, label: str, words: str
) -> None:
    status, said = await inspect(house, FRESH, **fields)
    assert (status, said["conclusion"], said["cause"]) == (200, conclusion, "added")
    assert words in said["notice"]["zh"]
    assert said["label"]["Label"] == label
    assert said["label"]["ContentProducer"] == ""
    assert said["label"]["ContentPropagator"] == OURS
    assert len(said["label"]["PropagateID"]) == 36, "a number was made"
    assert last(house)["propagate"] == said["label"]["PropagateID"]


async def test_where_nothing_speaks_for_it_nothing_is_written_and_that_is_on_record(
    house: Spine,
) -> None:
    _, said = await inspect(house, FRESH, declared="no")
    assert (said["conclusion"], said["notice"], said["file"]) == ("nothing", None, None)
    assert last(house)["cause"] == "none"


async def test_a_format_without_a_place_gets_what_is_to_be_kept_beside_it(house: Spine) -> None:
    _, said = await inspect(house, b"a,b\n", "a.csv", declared="yes")
    assert (said["cause"], said["file"]) == ("beside", None)
    assert json.loads(said["sidecar"]) == said["label"]


async def test_a_record_lies_in_the_log_of_whose_key_it_was(house: Spine) -> None:
    await inspect(house, FRESH, key=house.keys["school"], declared="yes")
    records = house.records("label.inspected")
    mine = [one for one in records if one["tenant"] == "school"]
    assert len(mine) == 1
    assert house.keys["school"].startswith(f"hg-{mine[0]['key']}-")


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({}, "declared", "declaration_missing"),
        ({"declared": "perhaps"}, "declared", "declaration_missing"),
        ({"declared": "no", "traces": "smell"}, "traces", "invalid_request"),
        ({"declared": "no", "propagate_id": "x" * 201}, "propagate_id", "invalid_request"),
    ],
)
async def test_what_is_missing_is_named(
    house: Spine, fields: dict[str, str], param: str, code: str
) -> None:
    status, said = await inspect(house, FRESH, **fields)
    error = said["error"]
    assert (status, error["param"], error["code"]) == (400, param, code)


async def test_only_callers_with_a_key_are_let_in(house: Spine) -> None:
    for key in ("", "hg-0000000000-00000000000000000000000000000000"):
        status, said = await inspect(house, FRESH, key=key, declared="yes")
        assert (status, said["error"]["code"]) == (401, "invalid_api_key")
    async with house.http.get(f"{house.base}/label/inspect") as reply:
        assert reply.status == 405


async def test_hostile_files_are_answered_by_what_the_user_declared(house: Spine) -> None:
    files = hostile_uploads()
    for name in ("cut.png", "bomb.docx", "laughs.png", "deep.mp4", "tags.html", "empty.png"):
        status, said = await inspect(house, files[name], name, declared="no")
        assert status == 200, name
        assert said["conclusion"] in ("nothing", "unreadable", "suspected", "is"), name
        assert said["read"]["verdict"] != "compliant", name
    assert (await inspect(house, FRESH, declared="yes"))[1]["cause"] == "added"


async def test_a_reader_that_is_killed_leaves_the_declaration_and_a_record(house: Spine) -> None:
    doors: Any = house.gateway._labels
    reader = doors._readers[1]
    await inspect(house, FRESH, declared="no")
    os.kill(reader.pid, signal.SIGSTOP)
    reader._desk.seconds = 0.3
    status, said = await inspect(house, FRESH, declared="yes")
    reader._desk.seconds = 10.0
    assert (status, said["conclusion"], said["cause"]) == (200, "may_be", "refused")
    assert said["why"]["zh"]
    record = last(house)
    assert (record["conclusion"], record["state"]) == ("may_be", "inconclusive")
    assert "payload" not in record
    assert (await inspect(house, FRESH, declared="yes"))[1]["cause"] == "added"


class Down:
    """A ledger whose disk is full."""

    async def add(self, _entry: Entry) -> Receipt:
        raise Unavailable(Words("full", "磁盘已满"))


@asynccontextmanager
async def served(s: Spine, ledger: Any, most: int) -> AsyncIterator[Spine]:
    """Serve the endpoint alone, on another ledger and with another bound."""
    gateway: Any = s.gateway
    page = replace(gateway.settings.label_page, bytes=most)
    gate = replace(gateway.gate, settings=replace(gateway.settings, label_page=page))
    keeper = Doorkeeper(gate, gateway._keys, None)
    reader = gateway._labels._readers[1]
    async with running(LabelInspect(gate, keeper, reader, ledger, Numbered(str))) as base:
        yield replace(s, base=base)


async def test_a_file_beyond_the_bound_is_refused(house: Spine) -> None:
    async with served(house, house.gateway.ledger, 1024) as s:
        assert (await inspect(s, FRESH, declared="yes"))[0] == 200
        status, said = await inspect(s, bytes(1025), declared="yes")
        assert (status, said["error"]["code"]) == (413, "file_too_large")


async def test_without_evidence_there_is_no_answer(house: Spine) -> None:
    async with served(house, Down(), 1 << 20) as s:
        status, said = await inspect(s, FRESH, declared="yes")
        assert (status, said["error"]["code"]) == (503, "unavailable")
        assert "file" not in said


EARLIER = Implicit("1", THEIRS.ContentProducer, "t-1", "", "y", "q-1", "")


async def test_what_an_earlier_platform_signed_is_said_to_cover_nothing_now(house: Spine) -> None:
    _, said = await inspect(house, labelled(PNG, FRESH, THEIRS), declared="no")
    assert said["label"]["ReservedCode2"] == ""
    assert said["signature"]["producer"]["state"] == "kept"
    assert said["signature"]["propagator"]["state"] == "dropped"
    assert "不覆盖新的传播要素" in said["signature"]["propagator"]["zh"]
    _, said = await inspect(house, labelled(PNG, FRESH, EARLIER), declared="no")
    assert said["signature"] == {"producer": None, "propagator": None}
    assert said["c2pa"] is None


async def test_with_a_key_the_fields_are_signed_for_the_label_that_the_file_has() -> None:
    secret = sm2.private_key("7" * 64)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sm2.key"
        path.touch(0o600)
        path.write_text("7" * 64)
        async with spine(tables=f'[label_page]\nsm2_key = "file:{path}"\n') as s:
            files = [labelled(PNG, FRESH, EARLIER), FRESH, FRESH]
            asked = [{"declared": "no"}, {"declared": "yes"}, {"declared": "no", "traces": "other"}]
            for data, fields, label in zip(files, asked, "123", strict=True):
                _, said = await inspect(s, data, **fields)
                assert said["label"]["Label"] == label
                assert said["signature"]["propagator"]["state"] == "signed"
                (there,) = labels(PNG, base64.b64decode(said["file"]))
                assert there.parsed is not None
                held = dict(there.parsed.fields)
                told = security.spread_checked(held, [secret.public.hex()])
                assert told is not None
                assert (told.state, told.known) == ("valid", True)
                other = {**held, "PropagateID": "another"}
                told = security.spread_checked(other, [secret.public.hex()])
                assert told is not None
                assert told.state == "unsupported"
                verdict = judged([there], PNG, [secret.public.hex()])
                assert "propagator-signature" in [one.code for one in verdict.findings]
            # the key itself is nowhere: not in the answer, not with the process that reads
            assert "7" * 64 not in json.dumps(said)


async def test_a_manifest_that_the_fields_made_old_is_named(house: Spine) -> None:
    _, said = await inspect(house, PNG_MANIFEST, declared="yes")
    assert said["cause"] == "added"
    assert said["c2pa"]["state"] == "superseded"
    assert HELD in base64.b64decode(said["file"])
    assert last(house)["manifest"] == "superseded"


async def test_a_manifest_is_kept_in_one_that_is_signed_anew_where_there_is_a_certificate(
    tmp_path: Path,
) -> None:
    theirs = carrying_a_manifest(tmp_path, FRESH, ".png")
    pdf = next(one.data for one in samples() if one.name == "pdf") + b"\n%/C2PA_Manifest\n"
    made, pem, key = chain(), tmp_path / "ours.pem", tmp_path / "ours.key"
    pem.write_bytes(made.pem)
    key.touch(0o600)
    key.write_bytes(made.key_pem)
    async with spine(tables=f'[labels.c2pa]\ncertificates = "{pem}"\nkey = "file:{key}"\n') as s:
        _, said = await inspect(s, theirs, declared="no")
        assert (said["cause"], said["c2pa"]["state"]) == ("kept", "signed")
        new = base64.b64decode(said["file"])
        seen = manifest_in(tmp_path, new)
        assert seen == manifest_reading.Shown("valid", "Test signer, hegui test", parents=1)
        assert said["sha256"]["after"] == hashlib.sha256(new).hexdigest() == last(s)["after"]
        assert last(s)["manifest"] == "signed"
        _, said = await inspect(s, new, declared="no")
        assert (said["cause"], said["c2pa"]) == ("already", None)
        _, said = await inspect(s, FRESH, declared="yes")
        assert (said["cause"], said["c2pa"]) == ("added", None), "only what has one gets one"
        _, said = await inspect(s, pdf, "a.pdf", declared="yes")
        assert (said["cause"], said["file"], said["label"]) == ("refused", None, None)
        assert "C2PA" in said["why"]["zh"]
        assert said["notice"]["zh"], "what to show is told all the same"
        assert last(s)["before"] == last(s)["after"]
        assert (last(s)["manifest"], last(s)["propagate"]) == ("", "")
