"""The stand-alone verifier: what it accepts, what it names, what it says that it cannot prove."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ledger.export.folders import (
    NOW,
    ORIGIN,
    SIGNER,
    a_record,
    check,
    edit,
    files_of,
    head_of,
    named,
    restore_manifest,
)

from hegui.ledger.export import Keys, Scope, Stamp
from hegui.ledger.export.data import verify
from hegui.ledger.note import Checkpoint, Signer

PROGRAM = Path(verify.__file__)
Write = Callable[..., Path]


def flip(file: Path, at: int, bit: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1 << bit
    file.write_bytes(data)


def replaced(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def test_a_whole_export_holds(folder: Path) -> None:
    report = check(folder)
    assert report.problems == []
    assert report.code == 0
    assert "601 records lie under the signed root; 601 of them are here" in str(report.holds)


def test_every_size_of_log_around_the_edges_of_tiles_holds(write: Write) -> None:
    for size in (0, 1, 2, 254, 255, 256, 257, 511, 512):
        leaves = [a_record(NOW + at) for at in range(size)]
        assert named(check(write(leaves=leaves, name=f"of-{size}"))) == "", size


def test_a_log_with_a_third_level_of_tiles_holds_and_its_changed_tile_is_named(
    write: Write,
) -> None:
    record = a_record(NOW)
    folder = write(leaves=[record] * (256 * 256 + 3), scope=Scope("x", "y", named=frozenset({9})))
    flip(folder / "tile/2/000.p/1", 3, 0)
    flip(folder / "tile/1/000", 32 * 7, 0)
    said = named(check(folder))
    assert "tile/2/000.p/1: hash 0: is not that of entries 0 to 65535 below it" in said
    assert "tile/1/000: hash 7: is not that of entries 1792 to 2047 below it" in said


def test_one_flipped_bit_in_any_file_is_named(folder: Path) -> None:
    chance = random.Random(19)
    for file in files_of(folder):
        kept = file.read_bytes()
        for _ in range(4):
            flip(file, chance.randrange(len(kept)), chance.randrange(8))
            report = check(folder)
            assert str(file.relative_to(folder)) in named(report), file
            assert report.code == 1
            file.write_bytes(kept)
    assert check(folder).code == 0


def test_a_flipped_bit_is_named_though_the_manifest_was_made_anew(folder: Path) -> None:
    chance = random.Random(20)
    plain = {"README.md", "README.zh.md", "verify.py", "verify.html", "SHA256SUMS"}
    for file in files_of(folder):
        if file.name in plain:
            continue
        kept = file.read_bytes()
        for _ in range(4):
            flip(file, chance.randrange(len(kept)), chance.randrange(8))
            restore_manifest(folder)
            # a key may as well name the signature under the head, which it does not fit any more
            wanted = "vkey" if file.name == "vkey" else str(file.relative_to(folder))
            assert wanted in named(check(folder)), (file, named(check(folder)))
            file.write_bytes(kept)


def test_a_changed_record_is_named_by_its_entry(folder: Path) -> None:
    replaced(folder / "tile/entries/001", b"abcdefghij", b"abcdefghiJ")
    restore_manifest(folder)
    assert "tile/entries/001: entry 256: the record was changed" in named(check(folder))


def test_a_changed_hash_is_told_from_a_changed_record(folder: Path) -> None:
    flip(folder / "tile/0/001", 32 * 44, 1)
    restore_manifest(folder)
    said = named(check(folder))
    assert "tile/0/001: entry 300: the hash was changed" in said
    assert "the record was changed" not in said


def test_two_swapped_records_are_both_named(folder: Path) -> None:
    bundle = folder / "tile/entries/000"
    leaves, data, at = [], bundle.read_bytes(), 0
    while at < len(data):
        stop = at + 2 + int.from_bytes(data[at : at + 2], "big")
        leaves.append(data[at:stop])
        at = stop
    leaves[20], leaves[21] = leaves[21], leaves[20]
    bundle.write_bytes(b"".join(leaves))
    restore_manifest(folder)
    said = named(check(folder))
    assert "entry 20: the record was changed" in said
    assert "entry 21: the record was changed" in said


def test_a_shortened_log_is_found(folder: Path, some_leaves: list[bytes]) -> None:
    head = Checkpoint(ORIGIN, 512, verify.root_of([verify.leaf_hash(x) for x in some_leaves[:512]]))
    (folder / "checkpoint").write_text(SIGNER.sign(head.text()), encoding="utf-8")
    restore_manifest(folder)
    assert "export.json: is of another export" in named(check(folder))


def test_a_head_that_another_key_signed_is_refused(folder: Path) -> None:
    forger = Signer(ORIGIN, b"f" * 32)
    text = (folder / "checkpoint").read_text(encoding="utf-8").partition("\n\n")[0] + "\n"
    (folder / "checkpoint").write_text(forger.sign(text), encoding="utf-8")
    restore_manifest(folder)
    assert "carries no valid Ed25519 signature by ledger.test/t" in named(check(folder))
    (folder / "vkey").write_text(forger.vkey + "\n", encoding="utf-8")
    restore_manifest(folder)
    assert "vkey: is not the key that was given" in named(check(folder))


def test_without_a_key_from_elsewhere_that_is_said(folder: Path) -> None:
    report = check(folder, vkey="")
    assert report.code == 0
    assert verify.OWN_KEY in report.gaps
    assert verify.OWN_KEY not in check(folder).gaps
    assert verify.NO_WITNESS in report.gaps
    assert verify.OWN_TIME in report.gaps


def test_without_any_key_nothing_is_taken_for_signed(folder: Path) -> None:
    (folder / "vkey").write_bytes(b"\n")
    restore_manifest(folder)
    report = check(folder, vkey="")
    assert named(report) == "vkey: holds no verifier key"
    assert report.untold
    assert not any("signed this head" in en for en, _ in report.holds)


def test_two_histories_of_one_size_are_found(folder: Path) -> None:
    forged = SIGNER.sign(Checkpoint(ORIGIN, 601, b"x" * 32).text())
    path = folder / "proof/003.tlog-proof"
    top = path.read_text(encoding="utf-8").partition("\n\n")[0]
    path.write_text(f"{top}\n\n{forged}", encoding="utf-8")
    restore_manifest(folder)
    assert "proof/003.tlog-proof: shows another history" in named(check(folder))


def test_a_head_whose_root_is_not_that_of_its_tiles_is_refused(folder: Path) -> None:
    """A log's own key signed it: only the recomputed root tells."""
    forged = Checkpoint(ORIGIN, 601, b"x" * 32)
    (folder / "checkpoint").write_text(SIGNER.sign(forged.text()), encoding="utf-8")
    edit(folder / "export.json", root=forged.root.hex())
    for proof in (folder / "proof").iterdir():
        top = proof.read_text(encoding="utf-8").partition("\n\n")[0]
        proof.write_text(f"{top}\n\n{SIGNER.sign(forged.text())}", encoding="utf-8")
    restore_manifest(folder)
    assert "checkpoint: the root is not that of the tiles" in named(check(folder))


def test_a_verifier_key_whose_id_does_not_fit_it_is_refused(folder: Path) -> None:
    name, stamp, key = SIGNER.vkey.split("+", 2)
    wrong = f"{name}+{int(stamp, 16) ^ 1:08x}+{key}"
    assert "--vkey: is no verifier key, or was changed" in named(check(folder, wrong))


def test_bytes_behind_the_last_record_of_a_bundle_are_named(folder: Path) -> None:
    with (folder / "tile/entries/001").open("ab") as file:
        file.write(b"\0")
    restore_manifest(folder)
    said = "tile/entries/001: entry 512: breaks off, or has bytes left over"
    assert said in named(check(folder))


def test_a_file_that_is_larger_than_it_can_be_is_not_read(folder: Path) -> None:
    for name in ("tile/0/001", "tile/entries/001", "proof/003.tlog-proof", "checkpoint"):
        os.truncate(folder / name, 20_000_000)
        assert f"{name}: is larger than it can be" in named(check(folder))


def test_a_stamped_head_is_checked_against_the_log_and_the_stamp_is_left_to_others(
    write: Write, some_leaves: list[bytes]
) -> None:
    for size in (1, 256, 300, 600):
        stamp = Stamp(head_of(some_leaves[:size]), b"an answer")
        folder = write(keys=Keys([SIGNER.vkey], stamp=stamp), name=f"of-{size}")
        report = check(folder)
        assert named(report) == ""
        assert any(
            f"a head of {size} records, is here and was not checked" in en for en, _ in report.gaps
        )
    for forged in (
        head_of([*some_leaves[:299], b"another"]),
        head_of(some_leaves[:300], Signer(ORIGIN, b"f" * 32)),
        head_of([*some_leaves, b"x", b"y"]),
        "nothing",
    ):
        (folder / "timestamp.checkpoint").write_text(forged, encoding="utf-8")
        restore_manifest(folder)
        assert "timestamp.checkpoint: " in named(check(folder)), forged
    (folder / "timestamp.checkpoint").unlink()
    restore_manifest(folder)
    assert "timestamp.checkpoint: is missing" in named(check(folder))


def test_missing_files_and_files_that_do_not_belong_are_named(folder: Path) -> None:
    (folder / "tile/0/001").unlink()
    (folder / "tile/entries/000").unlink()
    (folder / "proof/300.tlog-proof").unlink()
    (folder / "extra.txt").write_text("x", encoding="utf-8")
    (folder / "tile/0/777").write_bytes(b"x" * 8192)
    said = named(check(folder))
    for missing in ("tile/0/001", "tile/entries/000", "proof/300.tlog-proof"):
        assert re.search(rf"{missing}, SHA256SUMS:\d+: is listed in SHA256SUMS and is not", said)
    for extra in ("extra.txt", "tile/0/777"):
        assert f"{extra}: does not belong here" in said
    restore_manifest(folder)
    said = named(check(folder))
    assert "tile/0/001: is missing" in said
    assert "tile/entries/000: is missing" in said
    assert "tile/0/777: does not belong to this export" in said


def test_links_are_named_and_never_followed(folder: Path, tmp_path: Path) -> None:
    aside = tmp_path / "aside"
    shutil.move(folder / "tile/0/000", aside)
    (folder / "tile/0/000").symlink_to(aside)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    said = named(check(folder))
    assert "tile/0/000: is a link, and was not followed" in said
    assert "loop: is a link" in said
    assert "pipe: is no regular file" in said


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"\xff" * 100, b"[" * 100_000, b"{}" * 10, b"\n\n\n", b"0" * 600_000],
    ids=range(7),
)
def test_hostile_files_are_named_and_never_crash_it(folder: Path, data: bytes) -> None:
    for file in files_of(folder):
        kept = file.read_bytes()
        file.write_bytes(data)
        assert str(file.relative_to(folder)) in named(check(folder)), file
        file.write_bytes(kept)


@pytest.mark.parametrize("size", ["9223372036854775807", "99999999999999999999", "1e9", "-1", "01"])
def test_a_head_of_an_impossible_size_costs_nothing(folder: Path, size: str) -> None:
    path = folder / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n601\n", f"\n{size}\n".encode()))
    edit(folder / "export.json", size=int(size) if size.isdecimal() else 0)
    assert check(folder).code == 1


def test_a_size_that_contradicts_the_head_never_ends_it(folder: Path) -> None:
    edit(folder / "export.json", size=260)
    (folder / "tile/0/001.p").mkdir()
    (folder / "tile/0/001.p/4").write_bytes((folder / "tile/0/001").read_bytes()[:128])
    assert "export.json: is of another export" in named(check(folder))


def test_a_file_too_deep_or_with_an_odd_name_is_named_in_plain_signs(folder: Path) -> None:
    (folder / "\x1b[31mred\n").write_text("x", encoding="utf-8")
    deep = folder.joinpath(*["d"] * 15)
    deep.mkdir(parents=True)
    report = check(folder)
    assert "\x1b" not in named(report)
    assert "\\x1b[31mred\\n: does not belong here" in named(report)
    assert "lies too deep" in named(report)


def test_records_outside_the_period_are_said_to_be_proven_and_not_shown(write: Write) -> None:
    from hegui.ledger.export import Period

    folder = write(Scope("x", "y", Period(NOW + 300_000, NOW + 301_000)))
    report = check(folder)
    assert report.code == 0
    assert any("345 of 601 records are not here" in en for en, _ in report.gaps)
    assert (folder / "tile/entries/001").exists()
    assert not (folder / "tile/entries/000").exists()


def test_kinds_that_it_does_not_know_are_counted_and_said(folder: Path) -> None:
    counted = json.loads((folder / "clauses.json").read_bytes())["records"]
    assert counted["of.tomorrow/1"] == [1, 8, 8]
    assert counted["key.revoked/9"] == [1, 7, 7]
    assert counted["?"] == [1, 9, 9]
    assert any("3 records are of a kind that clauses.json" in en for en, _ in check(folder).gaps)


def test_a_list_of_clauses_that_was_made_up_is_refused(folder: Path) -> None:
    path = folder / "clauses.json"
    kept = json.loads(path.read_bytes())
    kinds = {**kept["kinds"], "key.revoked/1": {"duties": ["a12"], "kept": "log"}}
    for change in ({"kinds": kinds}, {"kinds": 7}, {"clauses": {}}, {"records": {}}):
        path.write_text(json.dumps({**kept, **change}, ensure_ascii=False), encoding="utf-8")
        restore_manifest(folder)
        assert "clauses.json: " in named(check(folder)), change
    path.write_text(json.dumps(kept), encoding="utf-8")  # restored, with other spaces
    restore_manifest(folder)
    assert check(folder).code == 0


def test_a_scope_that_the_log_does_not_know_is_refused(folder: Path) -> None:
    scope = json.loads((folder / "export.json").read_bytes())["scope"]
    for change in (
        {"scope": {**scope, "purpose": "another"}},
        {"scope": {name: scope[name] for name in scope if name != "proofs"}},
        {"scope": {}},
        {"record": 5},
        {"tenant": "u"},
        {"root": "00" * 32},
        {"bundles": [[0, 2]]},
        {"bundles": [[2, 1], [0, 99], "x"]},
    ):
        kept = (folder / "export.json").read_bytes()
        edit(folder / "export.json", **change)
        restore_manifest(folder)
        assert check(folder).code == 1, change
        (folder / "export.json").write_bytes(kept)


def run(
    *words: str, python: str = sys.executable, **environ: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own program
        [python, str(PROGRAM), *words], capture_output=True, encoding="utf-8", check=False,
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environ},
    )  # fmt: skip


def test_it_runs_alone_and_speaks_both_languages_with_the_promised_exit_codes(
    folder: Path, tmp_path: Path
) -> None:
    whole = run(str(folder), "--vkey", SIGNER.vkey, LANG="zh_CN.UTF-8")
    assert (whole.returncode, "所检查的内容全部成立" in whole.stdout) == (0, True)
    vkey = tmp_path / "published"
    vkey.write_text(SIGNER.vkey + "\n", encoding="utf-8")
    told = json.loads(run(str(folder), "--vkey", str(vkey), "--json").stdout)
    assert (told["code"], told["problems"]) == (0, [])
    assert run(str(folder), "--vkey", f"default={SIGNER.vkey}").returncode == 0
    vkey.write_text("\n", encoding="utf-8")
    assert run(str(folder), "--vkey", str(vkey)).returncode == 2
    flip(folder / "checkpoint", 30, 0)
    changed = run(str(folder), "--lang", "en")
    assert changed.returncode == 1
    assert "checkpoint" in changed.stdout
    (folder / "\x9b2J\u202e.txt").write_text("a stranger's", encoding="utf-8")
    for_machines = run(str(folder), "--json").stdout
    assert "\\u202e" in for_machines
    assert for_machines.isascii(), "a terminal obeys none of it"
    absent = run(str(folder / "nowhere"))
    assert (absent.returncode, absent.stdout, "Traceback" in absent.stderr) == (2, "", False)


def test_without_cryptography_the_signature_is_not_told_and_never_taken_for_good(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "cryptography").mkdir()
    (tmp_path / "cryptography/__init__.py").write_text("raise ImportError", encoding="utf-8")
    ended = run(str(folder), PYTHONPATH=str(tmp_path))
    assert ended.returncode == 2
    assert "The Ed25519 signature could not be checked: pip install cryptography" in ended.stdout


def test_it_is_written_in_the_python_of_2019() -> None:
    import ast

    ast.parse(PROGRAM.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = {
        name.name.partition(".")[0]
        for node in ast.walk(ast.parse(PROGRAM.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert imported <= set(sys.stdlib_module_names)
