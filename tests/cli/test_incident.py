"""hegui incident: what is due, and a draft that nobody sends."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from tests.cli.conftest import Hegui

from hegui.app import parts
from hegui.store import open_database


def ago(minutes: int) -> str:
    return datetime.fromtimestamp(parts.now() / 1_000 - minutes * 60, UTC).isoformat()


LEAK = ("--persons", "1200000", "--reporter", "other")


def test_content_is_drafted_and_its_digest_is_on_record(hegui: Hegui, settings: Path) -> None:
    given = ("--sort", "content", "--case", "IN-7", "--entry", "3", "--out", "report.md")
    said = (*given, "--found", ago(minutes=5), "--target-minutes", "30", "--lang", "en")
    done = hegui("incident", "draft", *said)
    assert done.exit_code == 0, done.output
    assert "Nothing was sent" in done.output
    text = Path("report.md").read_bytes()
    assert b"DRAFT" in text
    connection = open_database(settings.parent / "hegui-data" / "hegui.db")
    leaf = connection.execute("SELECT leaf FROM entry").get
    connection.close()
    assert b'"kind":"incident.drafted"' in leaf
    assert sha256(text).hexdigest().encode() in leaf
    again = hegui("incident", "draft", *said)
    assert again.exit_code == 3
    assert Path("report.md").read_bytes() == text


def test_what_is_late_ends_with_1(hegui: Hegui, settings: Path) -> None:
    assert settings.exists()
    given = ("--sort", "network", "--case", "IN-8", "--out", "report.md", "--lang", "zh")
    leak = ("--persons", "1200000", "--reporter", "other")
    late = hegui("incident", "draft", *given, *leak, "--found", ago(minutes=300))
    assert late.exit_code == 1, late.output
    assert "已逾期" in late.output
    assert "较大" in Path("report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "args",
    [
        ("--sort", "network", "--found", "2026-01-01T00:00:00Z"),
        ("--sort", "network", "--found", "2026-01-01T00:00:00Z", "--level", "major"),
        ("--sort", "content", "--found", "2026-01-01T00:00:00"),
        ("--sort", "content", "--found", "yesterday"),
        ("--sort", "content", "--found", ""),
        ("--sort", "content", "--found", "2999-01-01T00:00:00Z"),
        ("--sort", "content", "--found", "2026-01-01T00:00:00Z", "--case", " "),
        ("--sort", "content", "--found", "2026-01-01T00:00:00Z", "--case", "a\n# b"),
        ("--sort", "content", "--found", "2026-01-01T00:00:00Z", "--level", "major"),
        ("--sort", "content", "--found", "2026-01-01T00:00:00Z", "--entry", "9" * 300),
        ("--sort", "content", "--found", "2026-01-01T00:00:00Z", "--stopped", "2025-01-01T00:00Z"),
        ("--sort", "content", "--found", "2026-01-01T00:00:00Z", "--out", "none/report.md"),
        ("--sort", "network", "--found", "2026-01-01T00:00:00Z", "--target-minutes", "30", *LEAK),
        ("--sort", "network", "--found", "2026-01-01T00:00:00Z", *LEAK, "--level", "ordinary"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    hegui: Hegui, settings: Path, args: tuple[str, ...]
) -> None:
    assert settings.exists()
    result = hegui("incident", "draft", "--case", "IN-9", "--out", "report.md", *args)
    assert result.exit_code == 3, result.output
    assert not Path("report.md").exists()
