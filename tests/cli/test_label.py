import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pillow_heif
import pytest
from click.testing import Result
from PIL import Image

from hegui.app import parts
from hegui.app.agreements import Agreement, conclude, in_force
from hegui.app.labelling import new_number
from hegui.labels import sm2
from hegui.labels.formats.png import PNG
from hegui.labels.value import Implicit
from hegui.settings import read
from hegui.terms import Corrupt
from hegui.testing import pictures
from hegui.testing.labelled import CODE, labelled

Hegui = Callable[..., Result]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(pictures.png())
    return path


def label(hegui: Hegui, *args: str) -> Result:
    return hegui("label", *args, "--producer", CODE)


def records(folder: Path) -> list[dict[str, object]]:
    with closing(sqlite3.connect(folder / "hegui-data" / "hegui.db")) as connection:
        return [json.loads(leaf) for (leaf,) in connection.execute("SELECT leaf FROM entry")]


def test_a_labelled_file_is_read_and_verified(hegui: Hegui, photo: Path) -> None:
    made = hegui("label", str(photo), "-o", "out.png", "--producer", CODE)
    assert made.exit_code == 0, made.output
    assert "Nothing was put on record" in made.stderr
    read = json.loads(hegui("label", "read", "out.png", "--json").stdout)
    (found,) = read["labels"]
    assert found["fields"]["ContentProducer"] == CODE
    assert found["fields"]["ProduceID"] == found["fields"]["PropagateID"]
    assert found["fields"]["ProduceID"][14] == "7"
    assert found["guide"]
    assert hegui("label", "read", "out.png").stdout.count("ProduceID") == 1
    verified = hegui("label", "verify", "out.png")
    assert (verified.exit_code, verified.stdout) == (0, "out.png: compliant\n")


def test_a_heic_that_is_encoded_anew_is_told_as_such(hegui: Hegui, tmp_path: Path) -> None:
    pillow_heif.from_pillow(Image.new("RGB", (160, 120))).save(tmp_path / "a.heic")
    made = hegui("label", "a.heic", "-o", "b.heic", "--producer", CODE)
    assert made.exit_code == 0, made.output
    assert "The picture was encoded anew for its notice: hevc, x265" in made.stdout
    assert hegui("label", "verify", "b.heic").exit_code == 0


def test_what_another_producer_wrote_wrongly_is_told_and_no_terminal_obeys_it(
    hegui: Hegui, photo: Path
) -> None:
    theirs = Implicit("1", "某某公司", "\x1b[31mn-1", "", "x", "n-1", "")
    photo.write_bytes(labelled(PNG, photo.read_bytes(), theirs))
    for lang, said in (("en", "is not as the standard wants it"), ("zh", "不符合标准")):
        made = hegui("label", str(photo), "-o", f"{lang}.png", "--producer", CODE, "--lang", lang)
        assert made.exit_code == 0
        assert made.stdout.count(said) == 2
        assert "\\x1b[31mn-1" in made.stdout


def test_that_a_notice_is_there_is_said_by_somebody_and_on_record(
    hegui: Hegui, photo: Path, tmp_path: Path
) -> None:
    for more, words in (([], "--by"), (["--by", " "], "--by"), (["--by", "staff 7"], "-c")):
        made = label(hegui, str(photo), "--in-place", "--explicit", "present", *more)
        assert made.exit_code == 3
        assert words in made.stderr
        assert photo.read_bytes() == pictures.png()
    assert not (tmp_path / "hegui-data").exists()


def test_each_file_is_on_record_before_it_is_in_place(
    hegui: Hegui, settings: Path, photo: Path
) -> None:
    made = label(
        hegui,
        str(photo),
        "--in-place",
        "--json",
        "--explicit",
        "present",
        "--by",
        "staff 7",
        "--id",
        "x-1",
    )
    said = json.loads(made.stdout)
    (record,) = records(settings.parent)
    assert record["kind"] == "label.written"
    assert record["produce"] == said["label"]["ProduceID"] == "x-1"
    assert record["file"] == said["file"]
    assert record["payload"] == said["payload"]
    assert (record["explicit"], record["by"]) == ("present", "staff 7")
    assert made.stderr == ""


def test_a_foreign_label_of_any_length_goes_on_record(
    hegui: Hegui, settings: Path, photo: Path
) -> None:
    assert settings.exists()
    other = "001191310104MACE0YX63918020"
    hegui("label", str(photo), "--in-place", "--producer", other, "--id", "n" * 900)  # fmt: skip
    result = label(hegui, str(photo), "--in-place", "--propagate-id", "p-1")
    assert result.exit_code == 0, result.output
    record = records(settings.parent)[-1]
    assert record["cause"] == "kept"
    assert str(record["produce"]).startswith("sha256:")
    assert record["propagate"] == "p-1"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--producer", CODE], "-o OUT"),
        (["--producer", CODE, "--in-place", "-o", "x.png"], "-o OUT"),
        (["-o", "x.png"], "never makes one up"),
        (["-o", "x.png", "--producer", CODE[:-2]], "27 characters"),
        (["-o", "x.png", "--producer", CODE.replace("MACQ", "MACP")], "credit code"),
        (["-o", "x.png", "--producer", CODE, "--propagator", "nobody"], "--propagator"),
        (["-o", "x.png", "--producer", CODE, "--id", "with space"], "0x21"),
        (["-o", "x.png", "--producer", CODE, "--explicit", "interface"], "text and sound"),
    ],
)
def test_what_is_not_right_is_refused_and_nothing_written(
    hegui: Hegui, photo: Path, args: list[str], said: str
) -> None:
    result = hegui("label", str(photo), *args)
    assert result.exit_code == 3
    assert said in result.stderr
    assert not (photo.parent / "x.png").exists()
    assert photo.read_bytes() == pictures.png()


def test_a_folder_is_labelled_with_all_that_is_in_it(hegui: Hegui, tmp_path: Path) -> None:
    made = tmp_path / "made" / "deep"
    made.mkdir(parents=True)
    (made / "a.jpg").write_bytes(pictures.jpeg())
    (made / "b.png").write_bytes(pictures.png())
    (made / "broken.png").write_bytes(pictures.png()[:50])
    (made / "notes.xyz").write_bytes(b"\x00\x01\x02 not ours")
    result = label(hegui, "made", "-o", "out")
    assert result.exit_code == 3
    assert "broken.png" in result.stderr
    written = sorted(path.name for path in (tmp_path / "out" / "deep").iterdir())
    assert written == ["a.jpg", "b.png"]
    verified = hegui("label", "verify", "out", "--json")
    assert verified.exit_code == 0
    assert len(verified.stdout.splitlines()) == 2


def test_a_notice_that_may_stand_there_twice_is_told_of(
    hegui: Hegui, settings: Path, photo: Path
) -> None:
    assert settings.exists()
    text = photo.with_name("a.txt")
    text.write_text("words", encoding="utf-8")
    args = ("--in-place", "--producer", CODE, "--lang", "en")
    assert "once more" not in hegui("label", str(photo), str(text), *args).stdout
    again = hegui("label", str(photo), str(text), *args)
    assert again.exit_code == 0
    assert again.stdout.count("once more") == 1
    assert text.read_text(encoding="utf-8").count("AI") == 1
    shown = label(hegui, str(photo), "--in-place", "--explicit", "present", "--by", "staff 7",
                  "--lang", "en")  # fmt: skip
    assert shown.exit_code == 0
    assert "once more" not in shown.stdout


def test_who_says_so_is_short_and_nothing_is_done_before(
    hegui: Hegui, settings: Path, photo: Path
) -> None:
    assert settings.exists()
    result = label(hegui, str(photo), "--in-place", "--by", "x" * 201)
    assert (result.exit_code, photo.read_bytes()) == (3, pictures.png())
    assert "--by" in result.stderr


def test_two_files_of_one_name_do_not_overwrite_each_other(hegui: Hegui, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.png").write_bytes(pictures.png())
    result = label(hegui, "one/a.png", "two/a.png", "-o", "out", "--id", "auto")
    assert result.exit_code == 3
    assert "one/a.png" in result.stderr.split("two/a.png: ")[1]
    assert label(hegui, "one", "two", "-o", "both").exit_code == 3


def test_a_folder_that_cannot_be_made_is_named(hegui: Hegui, photo: Path) -> None:
    result = label(hegui, str(photo), "-o", f"{photo.name}/deep/x.png")
    assert result.exit_code == 3
    assert "cannot be made" in result.stderr
    assert "Traceback" not in result.stderr


def test_what_holds_no_file_is_not_called_clean(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".hidden.png").write_bytes(pictures.png())
    for args in (
        ["verify", "empty"],
        ["read", "empty"],
        ["check", "--before", "empty", "--after", "empty"],
    ):
        result = hegui("label", *args)
        assert result.exit_code == 3, args
        assert "no file" in result.stderr


def test_a_file_of_a_folder_that_cannot_be_read_is_told_of(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(pictures.png())
    label(hegui, "a", "--in-place")
    (tmp_path / "a" / "2.png").symlink_to("/proc/self/mem")  # opens, and gives nothing
    verified = hegui("label", "verify", "a", "--json")
    assert verified.exit_code == 2
    assert [json.loads(one)["verdict"] for one in verified.stdout.splitlines()] == [
        "compliant",
        "inconclusive",
    ]
    assert hegui("label", "read", "a").exit_code == 3


def test_check_goes_on_behind_a_file_that_cannot_be_read(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("1.png", "2.png"):
        (tmp_path / "a" / name).write_bytes(pictures.png())
    label(hegui, "a", "--in-place")
    label(hegui, "a", "-o", "b")
    (tmp_path / "b" / "1.png").write_bytes(pictures.png()[:50])
    result = hegui("label", "check", "--before", "a", "--after", "b", "--json")
    assert result.exit_code == 3
    broken, whole = (json.loads(one) for one in result.stdout.splitlines())
    assert (broken["file"], broken["error"]) == ("b/1.png", "file_broken")
    assert whole["outcome"] == "changed"


def test_a_key_that_is_none_is_refused_whatever_the_label_says(hegui: Hegui, photo: Path) -> None:
    result = hegui("label", "verify", str(photo), "--key", "zz")
    assert result.exit_code == 3
    assert "zz" in result.stderr
    assert "SM2 公钥" in hegui("label", "verify", "x.png", "--key", "zz", "--lang", "zh").stderr


def test_several_files_do_not_share_a_number(hegui: Hegui, photo: Path) -> None:
    other = photo.with_name("other.png")
    other.write_bytes(pictures.png())
    assert label(hegui, str(photo), str(other), "--in-place", "--id", "x").exit_code == 3
    result = label(hegui, str(photo), str(other), "--in-place", "--json")
    numbers = [json.loads(line)["label"]["ProduceID"] for line in result.stdout.splitlines()]
    assert len(set(numbers)) == 2


def test_verify_tells_wrong_from_missing_from_unreadable(hegui: Hegui, photo: Path) -> None:
    assert hegui("label", "verify", str(photo)).exit_code == 1
    broken = photo.with_name("broken.png")
    broken.write_bytes(pictures.png()[:50])
    assert hegui("label", "verify", str(broken)).exit_code == 2
    wrong = photo.with_name("wrong.png")
    text = b'AIGC\0{"AIGC":{"Label":1,"ContentProducer":"x"}}'
    wrong.write_bytes(pictures.png(pictures.png_chunk(b"tEXt", text)))
    result = hegui("label", "verify", str(wrong), "--json")
    assert result.exit_code == 1
    codes = {one["code"] for one in json.loads(result.stdout)["findings"]}
    assert {"missing-field", "not-a-string"} <= codes
    assert hegui("label", "verify", "nowhere.png").exit_code == 3


def test_a_terminal_obeys_nothing_that_stands_in_a_file(hegui: Hegui, photo: Path) -> None:
    text = b'AIGC\0{"Label":"1","\\u001b[2J":"\\u001b]0;x\\u0007"}'
    photo.write_bytes(pictures.png(pictures.png_chunk(b"tEXt", text)))
    for args in (["read"], ["verify"], ["check", "--before", str(photo), "--after"]):
        result = hegui("label", *args, str(photo))
        assert "\x1b" not in result.output
        assert "\x07" not in result.output


def test_check_tells_whether_a_pipeline_lost_the_label(hegui: Hegui, photo: Path) -> None:
    label(hegui, str(photo), "-o", "out.png")
    kept = hegui("label", "check", "--before", "out.png", "--after", "out.png", "--json")
    assert kept.exit_code == 0
    assert json.loads(kept.stdout)["content_identical"]
    lost = hegui("label", "check", "--before", "out.png", "--after", str(photo))
    assert lost.exit_code == 1
    assert "lost" in lost.stdout
    none = hegui("label", "check", "--before", str(photo), "--after", str(photo))
    assert none.exit_code == 2
    late = hegui("label", "check", "--before", str(photo), "--after", "out.png")
    assert late.exit_code == 2, "what had no label before shows nothing of the pipeline"


def test_check_names_what_is_missing_in_a_folder(hegui: Hegui, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    (tmp_path / "a" / "1.png").write_bytes(pictures.png())
    label(hegui, "a", "--in-place")
    result = hegui("label", "check", "--before", "a", "--after", "b")
    assert result.exit_code == 1
    assert "b/1.png" in result.stdout


def test_a_label_beside_a_file_is_told_of(hegui: Hegui, tmp_path: Path) -> None:
    (tmp_path / "a.bmp").write_bytes(pictures.bmp())
    made = label(hegui, "a.bmp", "-o", "b.bmp")
    assert "b.bmp" in made.stdout
    assert "beside" in made.stdout
    assert hegui("label", "verify", "b.bmp").exit_code == 2


def test_chinese_is_spoken_too(hegui: Hegui, photo: Path) -> None:
    result = hegui("label", "verify", str(photo), "--lang", "zh")
    assert "未找到标识" in result.stdout


def test_help_shows_the_commands(hegui: Hegui) -> None:
    said = hegui("label", "--help").stdout
    for name in ("write", "read", "verify", "check"):
        assert name in said


def in_days(days: int) -> str:
    return f"{datetime.fromtimestamp(parts.now() / 1_000, UTC) + timedelta(days):%Y-%m-%d}"


def agreed(hegui: Hegui, folder: Path) -> str:
    (folder / "terms.txt").write_text("the user labels what the user publishes")
    made = hegui(
        "label", "agreement", "--subject", "u-1", "--terms", "terms.txt", "--until", in_days(90)
    )
    assert made.exit_code == 0, made.output
    return made.stdout.strip()


def test_a_notice_is_left_out_under_an_agreement_on_record_and_the_label_stays(
    hegui: Hegui, settings: Path, photo: Path
) -> None:
    number = agreed(hegui, settings.parent)
    made = hegui("label", "photo.png", "-o", "out.png", "--producer", CODE, "--agreement", number)
    assert made.exit_code == 0, made.output
    agreement, written = records(settings.parent)
    assert agreement["kind"] == "label.agreement"
    assert agreement["agreement"] == written["agreement"] == number
    assert agreement["until"] % 86_400_000 == 16 * 3_600_000  # midnight in Asia/Shanghai
    assert written["explicit"] == "agreement"
    assert hegui("label", "verify", "out.png").exit_code == 0
    assert photo.exists()


@pytest.mark.parametrize("number", ["LA-" + "0" * 36, "../hegui", "anything", "LA-"])
def test_without_an_agreement_no_notice_is_left_out(
    hegui: Hegui, settings: Path, photo: Path, number: str
) -> None:
    assert settings.exists()
    args = ("--in-place", "--producer", CODE, "--agreement", number)
    result = hegui("label", str(photo), *args)
    assert result.exit_code == 3
    assert photo.read_bytes() == pictures.png()


def test_an_agreement_that_ended_is_none(hegui: Hegui, settings: Path, photo: Path) -> None:
    since = parts.now() - 10_000
    number = f"LA-{new_number(since)}"
    ended = Agreement(
        agreement=number, subject="u-1", terms="0" * 64, since=since, until=since + 1, by=""
    )
    conclude(read(settings, {}), ended)
    args = ("--in-place", "--producer", CODE, "--agreement", number)
    result = hegui("label", str(photo), *args)
    assert result.exit_code == 3
    assert "Art. 9" in result.stderr or "第九条" in result.stderr


def test_without_records_no_notice_is_left_out(hegui: Hegui, photo: Path) -> None:
    args = ("--in-place", "--producer", CODE, "--agreement", "LA-" + "0" * 36)
    result = hegui("label", str(photo), *args)
    assert result.exit_code == 3
    assert "on record only" in result.stderr


def test_an_agreement_needs_a_text_and_a_day_ahead(hegui: Hegui, settings: Path) -> None:
    empty = settings.parent / "terms.txt"
    empty.write_text(" ")
    for until in (in_days(9), "2020-01-01", "soon"):
        args = ("--subject", "u", "--terms", "terms.txt", "--until", until)
        assert hegui("label", "agreement", *args).exit_code == 3
    assert not (settings.parent / "hegui-data" / "hegui.db").exists()
    empty.write_text("the user labels what the user publishes")
    made = hegui("label", "agreement", *args[:-1], in_days(3 * 366))
    assert made.exit_code == 3
    assert "三年" in made.stderr


def test_an_agreement_is_only_what_the_ledger_has_on_record(
    hegui: Hegui, settings: Path, photo: Path
) -> None:
    number, service = agreed(hegui, settings.parent), read(settings, {})
    assert in_force(service, number, parts.now()).subject == "u-1"
    other = f"LA-{new_number(parts.now())}"
    made_up = settings.parent / "hegui-data" / "agreements" / f"{other}.json"
    made_up.parent.mkdir()
    made_up.write_text(json.dumps({"agreement": other, "since": 0, "until": 2**50}))
    args = ("--in-place", "--producer", CODE, "--agreement", other)
    assert hegui("label", str(photo), *args).exit_code == 3
    assert photo.read_bytes() == pictures.png()


def test_a_record_of_an_agreement_that_was_changed_is_none(hegui: Hegui, settings: Path) -> None:
    number, service = agreed(hegui, settings.parent), read(settings, {})
    until = in_force(service, number, parts.now()).until
    with closing(sqlite3.connect(settings.parent / "hegui-data" / "hegui.db")) as connection:
        longer = (str(until).encode(), str(until + 1).encode())
        (leaf,) = connection.execute("SELECT leaf FROM entry WHERE idx = 0").fetchone()
        connection.execute("UPDATE entry SET leaf = ? WHERE idx = 0", (leaf.replace(*longer),))
        connection.commit()
    with pytest.raises(Corrupt, match="hegui ledger verify"):
        in_force(service, number, parts.now())


def test_a_key_that_others_may_read_signs_nothing(hegui: Hegui, photo: Path) -> None:
    key = photo.with_name("key.pem")
    key.write_text("11" * 32)
    key.chmod(0o644)
    result = label(hegui, str(photo), "--in-place", "--sign", "key.pem")
    assert result.exit_code == 3
    assert "chmod 600" in result.stderr
    assert label(hegui, str(photo), "--in-place", "--sign", "none.pem").exit_code == 3
    assert photo.read_bytes() == pictures.png()


def test_a_signed_label_is_verified_by_its_key(hegui: Hegui, photo: Path) -> None:
    if not sm2.available():
        key = photo.with_name("key.pem")
        key.write_text("11" * 32)
        key.chmod(0o600)
        refused = label(hegui, str(photo), "--in-place", "--sign", "key.pem")
        assert "hegui[sm2]" in refused.stderr
        return
    secret = sm2.private_key("11" * 32)
    photo.with_name("key.pem").touch(0o600)
    photo.with_name("key.pem").write_text("11" * 32)
    assert label(hegui, str(photo), "--in-place", "--sign", "key.pem").exit_code == 0
    whole = hegui("label", "verify", str(photo))
    assert whole.exit_code == 0
    assert "who signed it is open" in whole.stdout
    named = hegui("label", "verify", str(photo), "--key", secret.public.hex())
    assert "is one that you named" in named.stdout
    # the same signature over another number
    data = photo.read_bytes()
    said = json.loads(hegui("label", "read", "--json", str(photo)).stdout)["labels"][0]["fields"]
    number = said["ProduceID"]
    other = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert number.encode() in data
    reserved = said["ReservedCode1"]
    forged = {**said, "ProduceID": other, "ReservedCode1": reserved}
    text = b"AIGC\0" + json.dumps({"AIGC": forged}).encode()
    photo.write_bytes(pictures.png(pictures.png_chunk(b"tEXt", text)))
    result = hegui("label", "verify", str(photo))
    assert result.exit_code == 1
    assert "does not hold" in result.stdout
