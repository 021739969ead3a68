from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def sources() -> dict[str, str]:
    """The text of every source file, by its path under ``src``.

    A test looks at all of them and names each that is wrong: as a test of each file's own, what
    runs tests would cost more than what they look at.
    """
    files = sorted((ROOT / "src" / "hegui").rglob("*.py"))
    assert len(files) > 100
    return {str(file.relative_to(ROOT / "src")): file.read_text(encoding="utf-8") for file in files}
