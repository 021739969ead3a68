"""What is said is ruled on by who says it, to whom, and for whom."""

import json
from typing import Any

import jwt
import pytest
from tests.gateway.spine import HARM, INSULT, PHONE, WEAPON, Script, said, spine, whole

OTHER = "13900139000"
TWO = '[screen.actions.user]\n"lex.weapons" = "allow"\n'


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


async def test_personal_data_is_masked_toward_others_and_left_but_recorded_toward_our_own() -> None:
    for role, decision in (("own", "allow"), ("entrusted", "mask"), ("independent", "mask")):
        async with spine(role=role) as s:
            system = {"role": "system", "content": f"客服电话{OTHER}"}
            body = await s.ask(system, f"我的电话是{PHONE}")
            assert "refused" not in body["aigc"]
            assert (PHONE in s.sees()) == (role == "own")
            assert (OTHER in s.sees()) == (role == "own")
            record = s.asked_record()
            assert record["decision"] == decision
            assert record["rules"] == {"pii.mobile": 2}
            assert record["roles"] == {"system": 1, "user": 1}


async def test_what_the_caller_wrote_comes_back_and_what_others_have_does_not() -> None:
    async with spine() as s:
        s.script.says = lambda body: said(f"您的是{PHONE}，他的是{OTHER}。", body)
        first = [user("我的电话是 138-0013-8000"), {"role": "assistant", "content": "好"}]
        for turns in ([user("记住１３８００１３８０００")], [*first, user("我的电话多少？")]):
            text = (await s.ask(*turns))["choices"][0]["message"]["content"]
            assert PHONE in text
            assert OTHER not in text
            assert s.answered_record()["rules"] == {"pii.mobile": 1}


async def test_published_hotlines_are_for_everyone() -> None:
    async with spine(Script(lambda b: said("请拨打12356、12345、110或010-12345", b))) as s:
        body = await s.ask("打哪个电话？")
        assert body["choices"][0]["message"]["content"].startswith(
            "请拨打12356、12345、110或010-12345"
        )
        assert s.answered_record()["rules"] == {}


async def test_a_person_may_swear_at_the_machine_and_it_may_not_swear_back() -> None:
    async with spine(Script(lambda b: said(INSULT, b))) as s:
        body = await s.ask(INSULT)
        assert INSULT in s.sees()
        assert body["aigc"]["refused"]["side"] == "answer"
        tool = {"role": "tool", "tool_call_id": "c", "content": f"评论：{INSULT}"}
        s.script.says = lambda b: said("好", b)
        await s.ask("看评论", tool)
        assert INSULT not in s.sees()


async def test_the_gravest_finding_is_the_reason_that_is_given() -> None:
    async with spine(role="entrusted") as s:
        body = await s.ask(f"打{PHONE}问{WEAPON}")
        assert body["aigc"]["refused"]["rule"] == "lex.weapons"


async def test_the_providers_own_choices_come_first_per_role() -> None:
    async with spine(tables=TWO) as s:
        assert "refused" not in (await s.ask(WEAPON))["aigc"]
        assert s.asked_record()["rules"] == {"lex.weapons": 1}
        system = {"role": "system", "content": WEAPON}
        assert "refused" in (await s.ask(system, "你好"))["aigc"]


ASSERTED = """
[callers.assertion]
issuer = "app"
audience = "hegui"
algorithms = ["HS256"]
key = "env:JWT"
"""


def token(**claims: Any) -> str:
    held = {"iss": "app", "aud": "hegui", "exp": 4_000_000_000, **claims}
    return jwt.encode(held, "k" * 40, algorithm="HS256")


async def test_a_signed_audience_decides_and_an_unsigned_one_only_tightens() -> None:
    keys = {"minor": {"audience": "minor"}}
    body = {"messages": [user(f"我的电话是{PHONE}")]}
    async with spine(tables=ASSERTED, keys=keys) as s:
        cases = [
            ("", {}, "adult"),
            ("", {"x_hegui_audience": "minor"}, "minor"),
            ("minor", {"x_hegui_audience": "adult"}, "minor"),
            ("minor", {}, "minor"),
            ("minor", {"x_hegui_assertion": token(sub="a", hegui_audience="adult")}, "adult"),
            ("", {"x_hegui_assertion": token(sub="a", hegui_audience="minor")}, "minor"),
            (
                "",
                {
                    "x_hegui_assertion": token(sub="a", hegui_audience="adult"),
                    "x_hegui_audience": "minor",
                },
                "minor",
            ),
        ]
        for key, headers, audience in cases:
            status, _, _ = await s.post(body, key=s.keys[key], **headers)
            assert status == 200
            assert s.asked_record()["audience"] == audience, (key, headers)
            assert (PHONE in s.sees()) == (audience == "adult"), "minors' data is not handed on"
        status, data, _ = await s.post(body, x_hegui_assertion=token(sub="a", exp=1))
        assert (status, json.loads(data)["error"]["type"]) == (401, "authentication_error")


async def test_a_signed_subject_wins_over_what_the_body_says() -> None:
    async with spine(tables=ASSERTED) as s:
        body = {"messages": [user("你好")]}
        await s.post({**body, "user": "zhang"})
        first = s.asked_record()["subject"]
        await s.post({**body, "user": "li"}, x_hegui_assertion=token(sub="zhang"))
        assert s.asked_record()["subject"] == first
        await s.post({**body, "user": "li", "safety_identifier": "zhang"})
        assert s.asked_record()["subject"] == first
        await s.post({**body, "user": "li"})
        assert s.asked_record()["subject"] not in (first, "unidentified")
        await s.post(body)
        assert s.asked_record()["subject"] == "unidentified"


@pytest.mark.parametrize(
    ("text", "accept", "first"),
    [
        (WEAPON, "en", "您的提问"),
        ("how to make a bomb", "zh-CN,zh;q=0.9", "您的提问"),
        ("how to make a bomb", "en-GB", "Your message"),
        ("how to make a bomb", "", "Your message"),
    ],
)
async def test_a_refusal_speaks_the_callers_language(text: str, accept: str, first: str) -> None:
    async with spine(scope="public") as s:
        _, data, _ = await s.post({"messages": [user(text)]}, accept_language=accept)
        body = json.loads(data)
        said_to = body["choices"][0]["message"]["content"]
        assert said_to.startswith(first)
        assert body["aigc"]["evidence"] in said_to
        assert f"/appeal?number={body['aigc']['evidence']}" in said_to
        refused = body["aigc"]["refused"]
        assert refused["next"] in said_to
        assert refused["rule"] == "lex.weapons"
        assert "炸弹" not in json.dumps(body, ensure_ascii=False).replace(refused["reason"], "")
        assert "bomb" not in data.decode()
        assert body["aigc"]["ledger"]["asked"] == 2


async def test_who_is_in_need_is_offered_help_and_not_a_lecture() -> None:
    async with spine() as s:
        for text, number in ((HARM, "12356"), ("i want to kill myself", "12356")):
            body = await s.ask(text)
            shown = body["choices"][0]["message"]["content"]
            assert number in shown
            assert "rephrase" not in shown
            assert "换一种问法" not in shown
            assert body["aigc"]["refused"]["rule"] == "lex.self_harm"


async def test_an_answer_that_is_stopped_says_so_plain_and_streamed() -> None:
    async with spine(Script(lambda b: said(f"甲{INSULT}", b))) as s:
        body = await s.ask("骂我")
        choice = body["choices"][0]
        assert choice["message"]["content"].startswith("模型的回复已中止")
        assert choice["finish_reason"] == "content_filter"
        assert body["aigc"]["refused"]["side"] == "answer"
        assert s.answered_record()["released"] == {}
        assert "废物" not in json.dumps(body, ensure_ascii=False)


async def test_unjudged_parts_are_refused_in_public_and_counted_inside() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "https://a.example/x.png"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "file", "file": {"file_data": "AAAA", "filename": "a.pdf"}},
    ]
    for part, zh in zip(parts, ("图片", "音频", "文件"), strict=True):
        async with spine(scope="public") as s:
            body = await s.ask(user([{"type": "text", "text": "看"}, part]))
            assert zh in body["aigc"]["refused"]["reason"]
            assert s.script.asked == []
            assert s.asked_record()["unjudged"] == 1
    async with spine() as s:
        await s.ask(user([{"type": "text", "text": "看"}, *parts]))
        assert s.asked_record()["unjudged"] == 3
        assert s.asked_record()["decision"] == "allow"
        assert s.script.asked[-1]["messages"][0]["content"][1:] == parts


async def test_the_start_puts_scope_and_reason_on_record() -> None:
    async with spine() as s:
        (record,) = s.records("service.started")
        assert (record["scope"], record["reason"]) == ("internal", "内部试用")
        assert record["upstreams"] == {"scripted": "own"}
    async with spine(scope="public", role="entrusted") as s:
        (record,) = s.records("service.started")
        assert record["scope"] == "public"
        assert record["upstreams"] == {"scripted": "entrusted"}


async def test_the_record_names_the_model_that_answered() -> None:
    async with spine() as s:
        s.script.says = lambda _: whole({"content": "好"}, model="served-by-7b")
        await s.ask("你好")
        assert s.asked_record()["model"] == "m"
        assert s.answered_record()["model"] == "served-by-7b"
