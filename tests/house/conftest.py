from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for ``source`` every source file in turn."""
    if "source" in metafunc.fixturenames:
        files = sorted((ROOT / "src" / "hegui").rglob("*.py"))
        names = [str(file.relative_to(ROOT / "src")) for file in files]
        metafunc.parametrize("source", files, ids=names)
