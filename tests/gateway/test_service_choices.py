"""Choices of the service that every request feels: minors, languages, limits, metrics."""

import json
import logging
from dataclasses import replace

from tests.gateway.spine import (
    INSULT,
    PHONE,
    Script,
    finish_of,
    heard,
    messages,
    said,
    spine,
    spoken,
)

from hegui.app.gateway import Gateway
from hegui.app.logs import JsonLines
from hegui.gateway.evidence import exchange_of


def adults_only(gateway: Gateway) -> None:
    service = replace(gateway.settings.service, minors=False)
    gateway.settings = replace(gateway.settings, service=service)


async def test_a_service_that_is_not_for_minors_turns_them_away() -> None:
    async with spine(Script(lambda body: said("好", body)), before=adults_only) as s:
        body = {"messages": messages(["你好"])}
        status, data, _ = await s.post(body, x_hegui_audience="minor")
        assert (status, b"minors_not_served" in data) == (403, True)
        assert (await s.post(body))[0] == 200


async def test_a_mask_speaks_the_language_of_the_question() -> None:
    async with spine(Script(lambda body: said(f"call {PHONE} now", body))) as s:
        english = await s.ask("what is the number?")
        assert "[mobile-1]" in english["choices"][0]["message"]["content"]
        chinese = await s.ask("号码是多少？")
        assert "[手机号-1]" in chinese["choices"][0]["message"]["content"]


async def test_a_plain_reply_beyond_the_limit_is_an_error_and_on_record() -> None:
    tables = "[limits]\nreply_chars = 100"
    form = {"type": "json_object"}
    async with spine(tables=tables) as s:
        for text in ("长" * 101, INSULT + "长" * 96, json.dumps([INSULT] * 20)):
            s.script.says = lambda body, text=text: said(text, body)
            status, data, _ = await s.post(
                {
                    "messages": messages(["你好"]),
                    "response_format": form if text[0] == "[" else None,
                }
            )
            assert (status, b"reply_too_long" in data) == (502, True)
            record = s.answered_record()
            assert (record["end"], record["released"], record["rules"]) == ("limit", {}, {})
        assert len(s.records("exchange.answered")) == 3
        s.script.says = lambda body: said("长" * 100, body)
        await s.ask("你好")
        s.script.says = lambda _: spoken(["长" * 101 + INSULT, "后面"])
        s.script.pace = 0.05
        chunks = await s.stream("你好")
        assert finish_of(chunks) == ["content_filter"], "what is held at the limit is judged, too"
        assert INSULT not in heard(chunks)


async def test_what_hegui_adds_is_counted() -> None:
    async with spine(Script(lambda body: said("好", body))) as s:
        await s.ask("你好")
        await s.stream("你好")
        page = s.gateway.gate.metrics.page(exchanges=0, lag=0).decode()
        assert "hegui_added_seconds_count 2.0" in page
        assert "hegui_prompt_screening_seconds_count 2.0" in page
        assert "hegui_record_seconds_count 4.0" in page
        assert "hegui_held_characters_count" in page


async def test_an_appeal_goes_into_the_log_of_the_tenant_it_is_about() -> None:
    async with spine(
        Script(lambda body: said("好", body)), keys={"other": {"tenant": "other"}}
    ) as s:
        body = {"messages": messages(["你好"])}
        _, data, _ = await s.post(body, key=s.keys["other"])
        number = json.loads(data)["aigc"]["evidence"]
        form = {"number": number, "text": "请再看看", "contact": ""}
        async with s.http.post(f"{s.base}/appeal", data=form) as reply:
            assert reply.status == 200
        assert s.gateway.ledger.tenant_of(exchange_of(number) or "") == "other"
        (record,) = s.records("appeal.received")
        assert record["tenant"] == "other"


def test_a_log_line_never_quotes_an_exception() -> None:
    record = logging.LogRecord("asyncio", 40, "x", 1, "never retrieved\nfuture: 密文", (), None)
    assert "密文" not in JsonLines().format(record)


def test_a_terminal_that_shows_the_log_obeys_nothing_in_it() -> None:
    record = logging.LogRecord("hegui", 30, "x", 1, "no detector a\x9b2J\u202e", (), None)
    line = JsonLines().format(record)
    assert not {"\x9b", "\u202e"} & set(line)
    assert json.loads(line)["what"] == "no detector a\x9b2J\u202e"


async def test_the_classifier_is_attached_where_the_settings_say_so() -> None:
    tables = "[screen]\nclassifier = true"
    said_last = "今天天气很好。我们去公园散步，然后回家"
    async with spine(Script(lambda body: said(said_last, body)), tables=tables) as s:
        names = [card.name for card in s.gateway.gate.judge.panel.cards]
        assert names == ["builtin", "classifier"]
        reply = await s.ask("你好")
        assert reply["choices"][0]["message"]["content"].startswith(said_last)
        assert s.answered_record()["end"] == "complete"
    async with spine(Script(lambda body: said(said_last, body))) as s:
        assert "classifier" not in {card.name for card in s.gateway.gate.judge.panel.cards}
