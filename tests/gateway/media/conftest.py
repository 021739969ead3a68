"""What the tests of the media routes share: a provider that has a code, and a labelled answer."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

PROVIDER = """\
[provider]
name = "演示单位"
uscc = "91110102MACQD9K640"
"""


@pytest.fixture
async def media_house(open_house: Any) -> AsyncIterator[Any]:
    """A gateway that labels, in front of the practice model."""
    async with open_house(PROVIDER) as opened:
        yield opened
