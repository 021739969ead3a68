import pytest

from hegui.detectors import PersonalData


@pytest.fixture(scope="session")
def detector() -> PersonalData:
    """The detector of personal data, compiled once."""
    return PersonalData()
