import pytest

from hegui.detectors import PersonalData
from hegui.detectors.personal import targets
from hegui.runners.compiling import kept


@pytest.fixture(scope="session")
def detector() -> PersonalData:
    """The detector of personal data, compiled once."""
    return PersonalData(back_end=kept(targets()))
