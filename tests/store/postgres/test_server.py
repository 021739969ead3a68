import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from hegui.settings import KeyDirectory, Secret
from hegui.store import insert_all, open_connection, watch
from hegui.store.postgres.server import Server
from hegui.store.postgres.session import PostgresConnection
from hegui.terms import BadRequest, HeguiError, Misconfigured, Unavailable, Write
from hegui.testing.postgres import PracticeServer
from hegui.testing.stopwatch import Stopwatch
from hegui.vault.vault import Vault

PUT = "INSERT INTO standing (subject_row, level) VALUES (?, ?)"
ROWS = "SELECT subject_row FROM standing ORDER BY subject_row"
ENDS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"
NOW = 1_780_000_000_000


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def within(seconds: float, fact: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def server(postgres: PracticeServer, url: str) -> Server:
    return postgres.place(url)


@pytest.fixture
def connection(server: Server) -> Iterator[PostgresConnection]:
    with closing(PostgresConnection(server)) as opened:
        yield opened


def test_the_owner_of_the_database_is_no_superuser(connection: PostgresConnection) -> None:
    asked = "SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = user"
    assert connection.execute(asked).fetchall() == [(False, False, False)]


def test_rows_go_in_and_come_out_as_in_a_file(connection: PostgresConnection) -> None:
    insert_all(connection, PUT, [(b"a", "x"), (b"b", "y"), (b"c", "z")])
    rows = connection.execute("SELECT * FROM standing WHERE level > ? ORDER BY level", ("x",))
    assert rows.fetchone() == (b"b", "y", None)
    assert list(rows) == [(b"c", "z", None)]
    assert connection.execute("SELECT count(*) FROM standing").get == 3


def test_text_is_ordered_by_its_bytes(connection: PostgresConnection) -> None:
    insert_all(connection, PUT, [(b"1", "a"), (b"2", "B"), (b"3", "中")])
    found = connection.execute("SELECT level FROM standing ORDER BY level").fetchall()
    assert found == [("B",), ("a",), ("中",)]


def test_what_is_read_after_begin_is_one_moment(
    connection: PostgresConnection, server: Server
) -> None:
    connection.execute("BEGIN")
    assert connection.execute(ROWS).fetchall() == []
    with closing(PostgresConnection(server)) as other:
        insert_all(other, PUT, [(b"a", "x")])
    assert connection.execute(ROWS).fetchall() == []
    connection.execute("COMMIT")
    assert connection.execute(ROWS).fetchall() == [(b"a",)]


def test_a_session_that_was_ended_is_begun_anew_unless_a_lock_hangs_on_it(
    postgres: PracticeServer, connection: PostgresConnection, server: Server, url: str
) -> None:
    with closing(PostgresConnection(server, once=True)) as holder:
        postgres.sql(ENDS.format(name_of(url)))
        assert connection.execute("SELECT 1").get == 1
        for _ in range(2):
            with pytest.raises(Unavailable):
                holder.execute("SELECT 1")


def test_only_what_reads_is_asked_again_when_a_session_ends_over_it(
    postgres: PracticeServer, connection: PostgresConnection, url: str
) -> None:
    name = name_of(url)
    postgres.sql("CREATE SEQUENCE public.asked", name)  # it counts, whatever becomes of a statement
    postgres.sql("GRANT ALL ON SEQUENCE public.asked TO PUBLIC", name)
    ends = "nextval('public.asked') || pg_terminate_backend(pg_backend_pid())::text"
    level = f"SELECT 'x'::bytea, {ends}"
    for change in (
        f"INSERT INTO standing (subject_row, level) {level}",
        f"WITH row AS (INSERT INTO standing (subject_row, level) {level} RETURNING 1) TABLE row",
    ):
        postgres.sql("ALTER SEQUENCE public.asked RESTART", name)
        with pytest.raises(Unavailable, match="not known") as told:
            connection.execute(change)
        assert "无法确定" in told.value.words.zh
        assert postgres.sql("SELECT nextval('public.asked')", name) == [(2,)], "asked once"
    postgres.sql("ALTER SEQUENCE public.asked RESTART", name)
    assert connection.execute("SELECT 1").get == 1
    with pytest.raises(Unavailable, match="Try again"):
        connection.execute(f"SELECT {ends}")
    assert postgres.sql("SELECT nextval('public.asked')", name) == [(3,)], "asked twice"
    postgres.sql(ENDS.format(name))
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO standing (subject_row, level) VALUES (?, ?)", (b"a", "x"))
    connection.execute("COMMIT")
    assert connection.execute(ROWS).fetchall() == [(b"a",)]


def test_a_change_that_the_server_refused_is_known_not_to_be_made(
    postgres: PracticeServer, connection: PostgresConnection, url: str
) -> None:
    connection.execute("SET default_transaction_read_only = on")
    with pytest.raises(Unavailable) as told:
        connection.execute(PUT, (b"a", "x"))
    assert "not known" not in told.value.words.en
    assert postgres.sql("SELECT 1 FROM hegui.standing", name_of(url)) == []


def test_a_wrong_password_is_the_operators_to_mend_and_is_never_told(
    postgres: PracticeServer, url: str
) -> None:
    wrong = Server(url, Secret("env:X", "not-the-password"))
    with pytest.raises(Misconfigured) as told:
        PostgresConnection(wrong)
    assert "not-the-password" not in repr((told.value, told.value.words, wrong))
    assert postgres.password not in repr(postgres)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        PostgresConnection(Server("postgresql://a@127.0.0.1:1/b"))


def test_a_newer_format_and_a_foreign_schema_are_refused(
    postgres: PracticeServer, server: Server, url: str
) -> None:
    PostgresConnection(server).close()
    postgres.sql("UPDATE hegui.schema_version SET v = 99", name_of(url))
    with pytest.raises(Misconfigured, match="format 99"):
        PostgresConnection(postgres.place(url))
    other = postgres.database()
    postgres.sql("CREATE SCHEMA hegui", name_of(other))
    postgres.sql("CREATE TABLE hegui.log (a int)", name_of(other))
    with pytest.raises(Misconfigured, match="another program"):
        PostgresConnection(postgres.place(other))


def test_gateways_that_start_together_make_the_tables_once(
    postgres: PracticeServer, url: str
) -> None:
    failed: list[HeguiError] = []

    def start() -> None:
        try:
            PostgresConnection(postgres.place(url)).close()
        except HeguiError as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failed


@contextmanager
def said(postgres: PracticeServer, setting: str) -> Iterator[None]:
    postgres.sql(f"ALTER SYSTEM SET {setting}")
    postgres.sql("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        postgres.sql(f"ALTER SYSTEM RESET {setting.split(maxsplit=1)[0]}")
        postgres.sql("SELECT pg_reload_conf()")


def test_a_server_that_forgets_at_a_power_cut_is_refused(
    postgres: PracticeServer, url: str
) -> None:
    with said(postgres, "fsync = off"):
        within(60, lambda: postgres.sql("SHOW fsync") == [("off",)])
        with pytest.raises(Misconfigured, match="fsync"):
            PostgresConnection(postgres.place(url))


def test_commits_are_waited_for_whatever_the_servers_default(
    postgres: PracticeServer,
) -> None:
    url = postgres.database()
    postgres.sql(f"ALTER DATABASE {name_of(url)} SET synchronous_commit = off")
    with closing(PostgresConnection(postgres.place(url))) as connection:
        assert connection.execute("SHOW synchronous_commit").get == "on"


def test_a_watched_table_is_read_again_only_when_it_has_changed(server: Server) -> None:
    with (
        closing(watch(server, "standing", ROWS)) as watched,
        closing(open_connection(server)) as writer,
    ):
        assert watched.look() == []
        assert watched.look() is None
        insert_all(writer, PUT, [(b"a", "x")])
        found: list[object] = []
        within(60, lambda: bool(found.append(watched.look()) or found[-1]))
        assert found[-1] == [(b"a",)]


def test_what_is_remembered_is_gone_on_with_for_a_while_and_then_no_more(
    postgres: PracticeServer, url: str
) -> None:
    server = postgres.place(url, patience=3_600)
    with closing(watch(server, "standing", ROWS)) as watched:
        postgres.kill()
        try:
            within(60, lambda: server.away)
            assert watched.look() == []
            assert watched.look() is None
            server.patience = 0.2
            time.sleep(0.2)
            with pytest.raises(Unavailable):
                watched.look()
        finally:
            postgres.start()
        within(60, lambda: not server.away)


def test_who_serves_requests_never_waits_for_a_server_that_hangs(
    postgres: PracticeServer, url: str
) -> None:
    server = postgres.place(url)
    with closing(PostgresConnection(server, hasty=True)) as connection:
        postgres.freeze()
        try:
            for longest in (1.5, 0.05, 0.05):
                with Stopwatch() as watch, pytest.raises(Unavailable):
                    connection.execute("SELECT 1")
                assert watch.seconds < longest
        finally:
            postgres.thaw()


def test_content_on_a_server_opens_until_its_term_has_ended(server: Server, tmp_path: Path) -> None:
    keys = KeyDirectory(tmp_path / "keys")
    now = [NOW]
    with (
        closing(Vault(server, keys, lambda: now[0])) as vault,
        closing(open_connection(server)) as writer,
    ):
        subject = vault.subject("t", "somebody")
        sealed = vault.seal(subject, "t", "X", "prompt", "all", b"hello", NOW + 1_000)
        carry_out(writer, (*subject.writes, *sealed))
        again = vault.subject("t", "somebody")
        assert (again.pseudonym, again.key) == (subject.pseudonym, subject.key)
        assert vault.open("t", "X", "prompt") == b"hello"
        now[0] += 2_000
        with pytest.raises(BadRequest):
            vault.open("t", "X", "prompt")
        count, writes = vault.expire(now[0], "t")
        assert count == 1
        carry_out(writer, writes)
        assert vault.expired(now[0]) == {}


def carry_out(connection: object, writes: tuple[Write, ...]) -> None:
    for write in writes:
        connection.execute(write.sql, write.cells)  # type: ignore[attr-defined]


def test_a_known_person_is_served_and_a_new_one_made_while_the_server_is_away(
    server: Server, tmp_path: Path
) -> None:
    now = [NOW]
    with closing(Vault(server, KeyDirectory(tmp_path / "keys"), lambda: now[0])) as vault:
        with closing(open_connection(server)) as writer:
            carry_out(writer, vault.subject("t", "known").writes)
        known = vault.subject("t", "known")
        server.away = True
        now[0] += 3_600_000
        assert vault.subject("t", "known").key == known.key
        stranger = vault.subject("t", "stranger")
        assert stranger.writes
        assert vault.subject("t", "stranger").pseudonym == stranger.pseudonym
        with suppress(Unavailable):
            vault.open("t", "X", "prompt")
