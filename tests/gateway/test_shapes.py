"""What a chat API can be asked for: choices, tools, JSON, usage; and how each is labelled."""

import json
from typing import Any

import pytest
from tests.gateway.spine import (
    INSULT,
    PHONE,
    WEAPON,
    Script,
    chunk,
    events_of,
    finish_of,
    heard,
    messages,
    said,
    spine,
    spoken,
    whole,
)

LABEL = "\n\n（本内容由AI生成）"
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "查找",
        "parameters": {"type": "object", "properties": {"phone": {"type": "string"}}},
    },
}


async def test_the_official_client_reads_every_shape() -> None:
    async with spine() as s:
        s.script.says = lambda body: said("好的。", body)
        create = s.sdk.chat.completions.create
        asked: Any = {"model": "m", "messages": [{"role": "user", "content": "你好"}]}
        plain = await create(**asked)
        assert plain.choices[0].message.content == f"好的。{LABEL}"
        assert (plain.model_extra or {})["aigc"]["explicit"] == "suffix"
        text = ""
        async for each in await create(**asked, stream=True):
            text += each.choices[0].delta.content or ""  # a naive client: every chunk has a choice
        assert text == f"好的。{LABEL}"
        raw = await s.sdk.chat.completions.with_raw_response.create(**asked)
        label = json.loads(raw.headers["x-aigc"])["AIGC"]
        assert label["Label"] == "1"
        assert raw.headers["x-hegui-evidence"].startswith("HG-")


async def test_the_aigc_object_is_on_the_first_and_the_finish_chunk_of_each_choice() -> None:
    async with spine() as s:
        s.script.says = lambda _: [
            *(chunk({"content": "好"}, n) for n in range(2)),
            *(chunk({}, n, finish_reason="stop") for n in range(2)),
        ]
        chunks = await s.stream("你好", n=2)
        with_label = [n for n, each in enumerate(chunks) if "aigc" in each]
        finishes = [n for n, each in enumerate(chunks) if each["choices"][0]["finish_reason"]]
        assert with_label == [0, *finishes]
        ids = {each["aigc"]["ProduceID"] for each in chunks if "aigc" in each}
        assert ids == {s.answered_record()["label"]["produce_id"]}
        assert [heard(chunks, index=n) for n in range(2)] == [f"好{LABEL}"] * 2


async def test_usage_comes_last_and_only_once() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    async with spine() as s:
        end = {**chunk({}), "choices": [], "usage": usage}
        s.script.says = lambda _: [*spoken("好的"), end]
        chunks = await s.stream("你好", stream_options={"include_usage": True})
        assert chunks[-1]["usage"] == usage
        assert chunks[-1]["choices"] == []
        assert sum(bool(each.get("usage")) for each in chunks) == 1
        assert s.script.asked[-1]["stream_options"] == {"include_usage": True}
        refused = await s.stream(WEAPON, stream_options={"include_usage": True})
        assert (refused[-1]["choices"], refused[-1]["usage"]["total_tokens"]) == ([], 0)
        assert all(each["choices"] for each in await s.stream(WEAPON))


@pytest.mark.parametrize("source", ['{"phone": "%s"}', '{"phone": %s}', '[{"a": ["打%s吧"]}]'])
async def test_masked_arguments_stay_valid_json_streamed_and_plain(source: str) -> None:
    source %= PHONE
    call = {"id": "c", "type": "function", "function": {"name": "look_up", "arguments": source}}

    def says(body: dict[str, Any]) -> Any:
        if not body.get("stream"):
            return whole({"content": None, "tool_calls": [call]}, "tool_calls")
        pieces = [{"index": 0, "function": {"arguments": c}} for c in source]
        head = {**call, "index": 0, "function": {"name": "look_up", "arguments": ""}}
        return [
            *(chunk({"tool_calls": [p]}) for p in (head, *pieces)),
            chunk({}, finish_reason="tool_calls"),
        ]

    async with spine(Script(says)) as s:
        body = await s.ask("查", tools=[TOOL])
        plain = body["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
        chunks = await s.stream("查", tools=[TOOL])
        streamed = "".join(
            (part.get("function") or {}).get("arguments") or ""
            for each in chunks
            for part in each["choices"][0]["delta"].get("tool_calls") or ()
        )
        assert json.loads(plain) == json.loads(streamed)
        assert PHONE not in plain
        assert "[手机号-1]" in plain
        for aigc in (body["aigc"], chunks[-1]["aigc"]):
            assert aigc["explicit"] == "ui-required"
        assert heard(chunks) == "", "no sentence is put into a tool call"
        assert finish_of(chunks) == ["tool_calls"]
        assert s.answered_record()["label"]["mode"] == "ui-required"


@pytest.mark.parametrize(
    "form",
    [
        {"type": "json_object"},
        {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
    ],
)
async def test_a_refusal_in_json_mode_is_a_refusal_and_never_half_a_document(
    form: dict[str, Any],
) -> None:
    async with spine() as s:
        for text, side in ((f'{{"a": "{INSULT}"}}', "answer"), ("{}", "question")):
            s.script.says = lambda body, text=text: said(text, body)
            asked = "写 JSON" if side == "answer" else WEAPON
            body = await s.ask(asked, response_format=form)
            message = body["choices"][0]["message"]
            assert message["content"] is None
            assert message["refusal"]
            assert body["choices"][0]["finish_reason"] == "content_filter"
            assert body["aigc"]["refused"]["side"] == side
            chunks = await s.stream(asked, response_format=form)
            assert heard(chunks, "refusal")
            assert finish_of(chunks) == ["content_filter"]
        s.script.says = lambda body: said('{"电话": "' + PHONE + '"}', body)
        body = await s.ask("写 JSON", response_format=form)
        assert json.loads(body["choices"][0]["message"]["content"]) == {"电话": "[手机号-1]"}
        assert body["aigc"]["explicit"] == "ui-required"
        assert json.loads(heard(await s.stream("写 JSON", response_format=form)))


@pytest.mark.parametrize("piece", [1, 3, 1000])
async def test_the_label_never_lands_inside_a_code_fence(piece: int) -> None:
    text = "看：\n~~~~py\nx = '~~~'\n"
    async with spine() as s:
        parts = [text[n : n + piece] for n in range(0, len(text), piece)]
        s.script.says = lambda body: spoken(parts) if body.get("stream") else said(text, body)
        for shown in (
            heard(await s.stream("代码")),
            (await s.ask("代码"))["choices"][0]["message"]["content"],
        ):
            assert shown == f"{text}\n~~~~{LABEL}"
        s.script.says = lambda _: spoken([*parts, INSULT])
        s.script.pace = 0.002
        shown = heard(await s.stream("代码"))
        if piece < 1000:
            assert "\n~~~~\n\n模型的回复到此中止" in shown


async def test_english_is_added_and_never_stands_instead() -> None:
    async with spine(tables='[labels]\nlanguage = "zh+en"\n') as s:
        assert heard(await s.stream("hello")) == (f"好的。{LABEL} (This content is AI-generated.)")


async def test_an_app_that_shows_a_notice_itself_gets_no_sentence() -> None:
    keys = {"app": {"label_mode": "interface"}}
    async with spine(keys=keys) as s:
        body = {"messages": [{"role": "user", "content": "你好"}]}
        _, data, headers = await s.post(body, key=s.keys["app"])
        reply = json.loads(data)
        assert reply["choices"][0]["message"]["content"] == "好的。"
        assert reply["aigc"]["explicit"] == "interface"
        assert "x-aigc" in headers
        assert s.answered_record()["label"]["mode"] == "interface"


async def test_a_reply_that_says_nothing_takes_no_label_sentence() -> None:
    async with spine() as s:
        s.script.says = lambda _: spoken(["不行"], "refusal")
        chunks = await s.stream("你好")
        assert heard(chunks) == ""
        assert heard(chunks, "refusal") == "不行"
        assert chunks[-1]["aigc"]["explicit"] == "ui-required", "it says that it has none"
        assert s.answered_record()["label"]["mode"] == "ui-required"
        s.script.says = lambda _: whole({"content": None, "reasoning_content": "想"}, "length")
        assert (await s.ask("你好"))["aigc"]["explicit"] == "ui-required"


async def test_a_key_may_ask_for_errors_instead_of_friendly_replies() -> None:
    keys = {"api": {"refusal_mode": "error"}}
    async with spine(Script(lambda b: said(INSULT, b)), keys=keys) as s:
        for text in (WEAPON, "骂我"):
            for stream in (False, True):
                status, data, _ = await s.post(
                    {"messages": [{"role": "user", "content": text}], "stream": stream},
                    key=s.keys["api"],
                )
                if stream and text != WEAPON:  # it had begun: then it ends as a stream
                    assert finish_of(events_of(data)) == ["content_filter"]
                    continue
                error = json.loads(data)["error"]
                assert (status, error["code"]) == (400, "content_filter")
                assert "HG-" in error["message"]
                assert "炸弹" not in error["message"]
                assert "废物" not in error["message"]
        assert {r["status"] for r in s.records("exchange.answered")} == {400, 200}


async def test_tools_and_their_results_are_judged_on_both_ways() -> None:
    async with spine(role="entrusted") as s:
        call = {
            "id": "c1",
            "type": "function",
            "function": {"name": "look_up", "arguments": json.dumps({"phone": PHONE})},
        }
        tool = {"role": "tool", "tool_call_id": "c1", "content": json.dumps({"n": [PHONE, 5]})}
        call_turn = {"role": "assistant", "content": None, "tool_calls": [call]}
        hidden = {"role": "user", "content": "查"}
        await s.ask(hidden, call_turn, tool, tools=[TOOL])
        sent = s.script.asked[-1]
        assert PHONE not in json.dumps(sent, ensure_ascii=False)
        assert json.loads(sent["messages"][2]["content"]) == {"n": ["[手机号-1]", 5]}
        arguments = sent["messages"][1]["tool_calls"][0]["function"]["arguments"]
        assert json.loads(arguments) == {"phone": "[手机号-1]"}
        assert sent["tools"] == [TOOL]
        escaped = "".join(f"\\u{ord(c):04x}" for c in PHONE)
        tool["content"] = '{"n": "' + escaped + '"}'
        await s.ask(hidden, call_turn, tool)
        assert "手机号" in s.script.asked[-1]["messages"][2]["content"]


async def test_a_number_outside_messages_is_judged_by_its_digits() -> None:
    number = int(PHONE)
    names = {"type": "integer", "default": number, "const": float(number), "enum": [1, number, -1]}
    inner = {"type": "object", "properties": {"n": names}}
    tool = {"type": "function", "function": {"name": "look_up", "parameters": inner}}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": inner}}
    bounds = {"type": "integer", "minimum": -(2**63), "maximum": 2**53 - 1, "multipleOf": 10**7}
    own = {"seed": number, "max_tokens": number, "temperature": 0.5, "logit_bias": {"50256": -100}}
    async with spine(role="entrusted") as s:
        await s.ask("查", tools=[tool], response_format=form, odd={"n": number}, **own)
        sent = s.script.asked[-1]
        assert {name: sent.pop(name) for name in own} == own
        assert PHONE not in json.dumps(sent)
        mask = "[手机号-1]"
        masked = {"type": "integer", "default": mask, "const": mask, "enum": [1, mask, -1]}
        assert sent["tools"][0]["function"]["parameters"]["properties"] == {"n": masked}
        assert sent["response_format"]["json_schema"]["schema"]["properties"] == {"n": masked}
        assert sent["odd"] == {"n": mask}
        inner["properties"] = {"n": bounds}
        await s.ask("查", tools=[tool])
        assert s.script.asked[-1]["tools"] == [tool], "bounds of types are nobody's"
        asked = len(s.script.asked)
        for odd in ({"temperature": number}, {"tools": [{"maximum": number}]}):
            for _ in "ab":  # also when it was met before
                body = await s.ask("查", **odd)
                assert body["aigc"]["refused"]["rule"] == "pii.mobile"
                assert s.asked_record()["decision"] == "refuse"
        assert len(s.script.asked) == asked, "a string in its place would break the request"


async def test_the_name_of_a_model_that_a_pattern_lets_in_is_judged() -> None:
    for role in ("own", "entrusted"):
        async with spine(role=role) as s:
            for name in (f"m-{PHONE}", WEAPON):
                status, data, _ = await s.post({"messages": messages(["你好"]), "model": name})
                error = json.loads(data)["error"]
                assert (status, error["param"]) == (400, "model")
                assert name not in data.decode()
                assert PHONE not in data.decode()
            assert not s.script.asked
            for _ in "ab":
                await s.ask("你好", model="deepseek-v3.1:671b")
            assert s.records("exchange.asked")[-1]["model"] == "deepseek-v3.1:671b"


async def test_a_payload_that_is_spread_over_the_strings_of_a_document_is_refused() -> None:
    forbidden, number = json.dumps(list(WEAPON)), json.dumps([{"d": d} for d in PHONE])
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": forbidden}}
    async with spine() as s:
        for source, rule in ((forbidden, "lex.weapons"), (number, "pii.mobile")):
            s.script.says = lambda body, source=source: said(source, body)
            body = await s.ask("写 JSON", response_format={"type": "json_object"})
            assert body["aigc"]["refused"]["rule"] == rule
            assert body["choices"][0]["message"]["content"] is None
            assert s.answered_record()["rules"] == {rule: 1}
            chunks = await s.stream("写 JSON", response_format={"type": "json_object"})
            assert chunks[-1]["aigc"]["refused"]["rule"] == rule
            [gone] = chunks[-1]["aigc"]["withdraw"]
            assert (gone["field"], gone["start"], gone["end"]) == ("content", 0, len(source))
            s.script.says = lambda _, source=source: {
                **whole({"content": "{}"}),
                "choices": [{"index": 0, "message": {"content": c}} for c in ("{}", source)],
            }
            body = await s.ask("写 JSON", response_format={"type": "json_object"})
            assert body["aigc"]["refused"]["rule"] == rule, "two of one number"
        s.script.says = lambda _: whole({"content": None, "tool_calls": [call]}, "tool_calls")
        assert (await s.ask("查"))["aigc"]["refused"]["rule"] == "lex.weapons"
        s.script.says = lambda body: said(json.dumps(["作废", "物品", PHONE[:4], PHONE[4:]]), body)
        body = await s.ask("写 JSON", response_format={"type": "json_object"})
        assert "refused" not in body["aigc"], "words of a list, cells of a table"


async def test_log_probabilities_go_out_with_their_characters_and_are_dropped_under_masks() -> None:
    def entry(token: str) -> dict[str, Any]:
        other = {"token": "嗯", "logprob": -2.0, "bytes": list("嗯".encode())}
        bytes_ = list(token.encode())
        return {"token": token, "logprob": -0.1, "bytes": bytes_, "top_logprobs": [other]}

    text = f"打{PHONE}吧好"
    async with spine() as s:
        s.script.says = lambda _: [
            *(chunk({"content": c}, logprobs={"content": [entry(c)]}) for c in text),
            chunk({}, finish_reason="stop"),
        ]
        chunks = await s.stream("号码", logprobs=True)
        tokens = [
            e["token"]
            for each in chunks
            for e in (each["choices"][0].get("logprobs") or {}).get("content", ())
        ]
        assert tokens == ["打", "吧", "好"]
        assert s.answered_record()["notes"]["logprobs_dropped"] == 11
        clean = whole({"content": "打吧"})
        clean["choices"][0]["logprobs"] = {"content": [entry("打"), entry("吧")], "refusal": None}
        s.script.says = lambda _: clean
        probs = (await s.ask("号码"))["choices"][0]["logprobs"]
        assert probs["content"] == [entry("打"), entry("吧")]


async def test_unknown_fields_are_dropped_or_passed_as_the_settings_say() -> None:
    for mode in ("drop", "pass"):
        async with spine(tables=f'[screen]\nunknown_fields = "{mode}"\n') as s:
            s.script.says = lambda _: [
                chunk({"content": "好", "note": "一"}, top={"vendor": "二"}),
                chunk({}, finish_reason="stop"),
            ]
            chunks = await s.stream("你好")
            assert (heard(chunks, "note") == "一") == (mode == "pass")
            assert any("vendor" in each for each in chunks) == (mode == "pass")
            notes = s.answered_record()["notes"]
            assert notes == ({} if mode == "pass" else {"unknown_dropped": 2})


async def test_a_content_in_parts_takes_its_label_as_one_part_more() -> None:
    """Some servers (Mistral's reasoning models) send a list of parts, plain and streamed."""
    code = "看：\n```py\nx"
    label = {"type": "text", "text": f"\n```{LABEL}"}
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "嗯"}]}]
    parts.append({"type": "text", "text": code})

    def says(body: dict[str, Any]) -> Any:
        if not body.get("stream"):
            return whole({"content": parts})
        return [*(chunk({"content": [part]}) for part in parts), chunk({}, finish_reason="stop")]

    async with spine(Script(says)) as s:
        plain = (await s.ask("代码"))["choices"][0]["message"]["content"]
        assert plain == [*parts, label]
        back = [{"type": "text", "text": "好"}, {"type": "text", "text": LABEL}]
        await s.ask("好吗", {"role": "assistant", "content": back}, "再来")
        assert s.script.asked[-1]["messages"][1]["content"] == back[:1]
        chunks = await s.stream("代码")
        assert chunks[-2]["choices"][0]["delta"] == {"content": [label]}
        assert chunks[-1]["aigc"]["explicit"] == "suffix"
        s.script.says = lambda _: [*(chunk({"content": [p]}) for p in parts), *spoken([INSULT])]
        s.script.pace = 0.002
        stopped = (await s.stream("代码"))[-2]["choices"][0]["delta"]["content"]
        assert [part["type"] for part in stopped] == ["text"]
        assert stopped[0]["text"].startswith("\n```\n\n模型的回复到此中止")
        assert stopped[0]["text"].endswith(LABEL)
