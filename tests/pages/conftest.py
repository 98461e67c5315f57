"""What the tests of pages share: Chromium, and a reader who notices everything that should not be."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pages_reader import Reader, chromium


@pytest_asyncio.fixture
async def reader(request: pytest.FixtureRequest) -> AsyncIterator[Reader]:
    """A reader at a desk-sized screen; afterwards no error, foreign request or missing header was seen."""
    async with chromium() as browser:
        options = getattr(request, "param", {})
        context = await browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo", **options)
        reader = Reader(await context.new_page())
        yield reader
        assert reader.faults == []
        await context.close()
