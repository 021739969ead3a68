"""The tour against the real gateway, and against a gateway that lets everything through."""

import json
from pathlib import Path

import openai
import pytest

from hegui.app.demo import run, tour
from hegui.app.demo.caller import Place
from hegui.app.demo.records import Record
from hegui.app.demo.tour import Heard, Tour
from hegui.testing.hostile import RESIDENT_ID

SENT = f"好的，身份证号是{RESIDENT_ID}。"
LABEL = "\n\n（本内容由AI生成）"


class Scripted(Tour):
    """A tour whose every play is heard as the script says."""

    def __init__(self, heard: Heard) -> None:
        client = openai.AsyncOpenAI(base_url="http://127.0.0.1:9/v1", api_key="made-up")
        super().__init__(Place("", "", "demo", Path(), ()), client, "zh", "practice")
        self.heard = heard

    async def play(self, _name: str, *, stream: bool = True) -> Heard:  # noqa: ARG002 - scripted
        return self.heard


def answered(**fields: object) -> list[Record]:
    return [Record(1, {"kind": "exchange.answered", **fields})]


async def test_the_tour_is_red_when_any_part_of_a_number_gets_out() -> None:
    masked = Heard(sent=SENT, left="[身份证号-1]", records=answered(rules={"pii.resident_id": 1}))
    _, checks = await tour.number(Scripted(masked))
    assert all(check.held for check in checks)
    leaky = Heard(sent=SENT, left="[身份证号-1]", wire=[json.dumps({"note": RESIDENT_ID[6:11]})])
    _, checks = await tour.number(Scripted(leaky))
    assert not checks[1].held


async def test_the_tour_is_red_when_the_label_or_the_record_is_missing() -> None:
    aigc = [{"ProduceID": "p", "Label": "1"}, {"ProduceID": "p", "Label": "1"}]
    records = answered(end="complete", label={"mode": "suffix", "produce_id": "p"})
    good = Heard(sent="春天", left="春天" + LABEL, aigc=aigc, records=records)
    _, checks = await tour.streamed(Scripted(good))
    assert all(check.held for check in checks)
    for bad in (
        Heard(sent="春天", left="春天", aigc=aigc, records=records),
        Heard(sent="春天", left="春" + LABEL, aigc=aigc, records=records),
        Heard(sent="春天", left="春天" + LABEL, aigc=aigc, records=[]),
        Heard(sent="春天", left="春天" + LABEL, aigc=[], records=records),
    ):
        _, checks = await tour.streamed(Scripted(bad))
        assert not all(check.held for check in checks)


async def test_the_tour_is_red_when_a_refused_question_reaches_the_model() -> None:
    asked = [Record(0, {"kind": "exchange.asked", "decision": "refuse"})]
    aigc = [{"evidence": "HG-1", "refused": {"appeal": "http://…"}}]
    heard = Heard(left="HG-1", finish="content_filter", aigc=aigc, records=asked)
    _, checks = await tour.refused(Scripted(heard))
    assert all(check.held for check in checks)
    heard.asked = "…"
    _, checks = await tour.refused(Scripted(heard))
    assert not checks[0].held


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_whole_tour_holds_against_the_real_gateway(
    lang: tour.Lang,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code = run(once=True, upstream=None, lang=lang, open_browser=False)
    told = capsys.readouterr().out
    assert code == 0, told
    assert "✗" not in told
    assert told.count("✓") > 25
    refused = "提问 拒绝 (" if lang == "zh" else "question refuse ("
    assert refused in told
    assert (tmp_path / "hegui-data/demo/hegui.db").is_file()
