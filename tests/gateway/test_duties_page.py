"""/duties on the admin listener: the next actions, then the board; nothing but reading."""

import asyncio
import base64
from dataclasses import replace
from typing import Any

from hegui.app.duties import Asked, Duties, given_of
from hegui.store import open_database
from hegui.testing.serve import running


async def test_the_page_opens_on_the_next_actions_and_shows_every_duty(open_house: Any) -> None:
    async with open_house() as house:
        await house.ask(house.body())
        async with running(house.gateway.admin) as admin:
            for lang, words in (
                ("zh", ("下一步", "全部义务", "需自备检测器", "保存有关记录")),
                ("en", ("Next actions", "All duties", "detector required", "our estimate")),
            ):
                async with house.http.get(f"{admin}/duties?lang={lang}") as reply:
                    assert reply.status == 200
                    assert "default-src 'none'" in reply.headers["content-security-policy"]
                    text = await reply.text()
                for word in words[:3]:
                    assert word in text
                assert text.index(words[0]) < text.index(words[1])
                assert text.count("<ol class=next>") == 1
                assert text.count("<li><p><b>") <= 5
                assert "id='a14-2b'" in text
                assert "<script" not in text
            async with house.http.post(f"{admin}/duties") as reply:
                assert reply.status == 405


async def test_the_page_is_not_on_the_public_listener(open_house: Any) -> None:
    async with open_house() as house, house.http.get(f"{house.url}/duties") as reply:
        assert reply.status == 404


async def test_with_a_key_set_the_page_asks_for_it(open_house: Any) -> None:
    more = '[listen]\nadmin_key = "env:ADMIN"'
    environ = {"ADMIN": "the admin's secret"}
    async with open_house(more, environ=environ) as house, running(house.gateway.admin) as admin:
        right = base64.b64encode(b"admin:the admin's secret").decode()
        wrong = base64.b64encode(b"the admin's secret:x").decode()
        for key in ("", "Bearer x", "Bearer é", f"Basic {wrong}", "Basic é", "Basic !", "é"):
            headers = {"authorization": key}
            async with house.http.get(f"{admin}/duties", headers=headers) as reply:
                assert reply.status == 401
                assert reply.headers["www-authenticate"].startswith("Basic ")
        for key in (f"Basic {right}", "Bearer the admin's secret"):
            headers = {"authorization": key}
            async with house.http.get(f"{admin}/duties", headers=headers) as reply:
                assert reply.status == 200
                assert "secret" not in await reply.text()


async def test_without_a_key_no_site_of_another_name_is_let_in(open_house: Any) -> None:
    """A site's name may point to 127.0.0.1 (DNS rebinding): then only the name tells."""
    hosts = {"evil.example:8101": 421, "127.0.0.1.evil.example": 421, "": 421}
    hosts |= {"localhost:8101": 200, "127.0.0.1": 200, "[::1]:8101": 200, "10.0.0.7": 200}
    async with open_house() as house, running(house.gateway.admin) as admin:
        for host, status in hosts.items():
            async with house.http.get(f"{admin}/metrics", headers={"host": host}) as reply:
                assert reply.status == status, host
                assert ("admin_key" in await reply.text()) is (status == 421)
        async with house.http.get(f"{admin}/healthz", headers={"host": "probe"}) as reply:
            assert reply.status == 200


async def test_what_stands_in_an_address_is_shown_as_text(open_house: Any) -> None:
    async with open_house() as house, running(house.gateway.admin) as admin:
        odd = {"tenant": "<script>x</script>", "lang": "en"}
        async with house.http.get(f"{admin}/duties", params=odd) as reply:
            text = await reply.text()
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def all_signed(house: Any) -> bool:
    """Tell whether the head covers every record: those of an answer are there before its end."""
    connection = open_database(house.gateway.settings.database)
    size, note = connection.execute("SELECT size, checkpoint FROM log").get
    connection.close()
    return bool(size) and note.splitlines()[1] == str(size)


def change(house: Any, leaf: bytes) -> bytes:
    """Put another leaf in the place of the first; return what was there."""
    connection = open_database(house.gateway.settings.database)
    before: bytes = connection.execute("SELECT leaf FROM entry WHERE idx = 0").get
    connection.execute("UPDATE entry SET leaf = ? WHERE idx = 0", (leaf,))
    connection.close()
    return before


async def test_a_corruption_is_said_on_top_of_the_page(open_house: Any) -> None:
    async with open_house() as house:
        await house.ask(house.body())
        await house.until(lambda: all_signed(house), 5)
        whole = change(house, b"{}")
        async with (
            running(house.gateway.admin) as admin,
            house.http.get(f"{admin}/duties?lang=en") as reply,
        ):
            text = await reply.text()
        change(house, whole)
    assert "Nothing can be told" in text
    assert "entry 0" in text
    assert "class=next" not in text.partition("</style>")[2]


async def test_what_the_gateway_really_writes_evidences_what_it_should(open_house: Any) -> None:
    async with open_house() as house:
        await house.ask(house.body())
        await house.until(lambda: all_signed(house), 5)
        settings = house.gateway.settings
        given = given_of(settings)  # as if it were offered to the public
        given = replace(given, facts=replace(given.facts, public=True))
        board = await asyncio.to_thread(Duties(settings, given).board, Asked())
    states = {item.duty.id: item.state.value for item in board.items}
    shown = {duty for duty, state in states.items() if state == "evidenced"}
    assert {"a12", "a14-2b", "lm4-text", "ds10", "csl21-logs", "std-inputs"} <= shown
    assert states["a4-1"] == states["a13"] == "partly"
    assert states["a4-1-a"] == "detector-required"
    assert states["lm5"] == states["a15-3"] == "not-evidenced"
