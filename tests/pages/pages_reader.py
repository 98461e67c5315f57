"""A reader of the pages in a real browser, and what they hold every page against."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Browser, Page, Response, async_playwright

from kumihimo.exchange import layouts, plain
from kumihimo.law import law
from kumihimo.world import Case, Nation

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

CHECKS = Path(__file__).with_name("accessibility.js").read_text(encoding="utf-8")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium; a machine without it fails the test."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Reader:
    """Somebody who reads pages and keeps note of everything that is wrong with them."""

    page: Page
    refused: frozenset[int] = frozenset()
    faults: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("response", self._answered)
        self.page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        self.page.on("console", lambda m: m.type == "error" and self._console(m.text))

    def _console(self, text: str) -> None:
        if not any(f"status of {status}" in text for status in self.refused):
            self.faults.append(f"console: {text}")

    def _answered(self, response: Response) -> None:
        self.addresses.append(response.url)
        policy = response.headers.get("content-security-policy", "")
        if not response.url.startswith("http://127.0.0.1:"):
            self.faults.append(f"foreign request: {response.url}")
        elif "default-src 'none'" not in policy or "script-src" in policy or "unsafe" in policy:
            self.faults.append(f"no strict policy: {response.url}")
        elif response.status >= 400 and response.status not in self.refused:
            self.faults.append(f"{response.status}: {response.url}")

    async def go(self, address: str) -> None:
        """Open a page."""
        await self.page.goto(address)

    async def press(self, name: str, *, exact: bool = True) -> None:
        """Press the button or follow the link of that name."""
        found = self.page.get_by_role("button", name=name, exact=exact).or_(
            self.page.get_by_role("link", name=name, exact=exact)
        )
        await found.first.click()

    async def turn(self, pages: int) -> None:
        """Go so many pages on (or back, below zero), as the buttons of the browser do: never in mid-load."""
        await self.page.wait_for_load_state()
        async with self.page.expect_event("load"):
            await self.page.evaluate("pages => { history.go(pages) }", pages)

    async def text(self) -> str:
        """All that can be read in the middle of the page."""
        return await self.page.locator("main").inner_text()

    async def heading(self) -> str:
        """The title of the page."""
        return await self.page.locator("h1").inner_text()

    async def accessible(self) -> list[str]:
        """What a checker of accessibility finds wrong here."""
        await self.page.wait_for_load_state()
        return [f"{self.page.url}: {fault}" for fault in await self.page.evaluate(CHECKS)]

    async def tab_to(self, selector: str, most: int = 60) -> None:
        """Move the focus with the Tab key until it stands on this element, and see that it shows."""
        for _ in range(most):
            await self.page.keyboard.press("Tab")
            if await self.page.evaluate("s => document.activeElement.matches(s)", selector):
                style = "getComputedStyle(document.activeElement).outlineStyle"
                assert await self.page.evaluate(style) == "solid", f"the focus on {selector} does not show"
                return
        raise AssertionError(f"the Tab key never reaches {selector}")

    async def enter(self) -> None:
        """Press Enter on what has the focus, and wait for the page it leads to."""
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")

    async def sign_in_clerk(self, nation: Nation, institution: str, name: str = "見本") -> None:
        """Take a seat at an institution's desk."""
        await self.go(nation.address(institution) + "desk")
        await self.page.get_by_role("radio", name=name).check()
        await self.press("窓口に入る")

    async def choose_person(self, words: str) -> None:
        """Steps 1: look for somebody and choose the first who is found."""
        await self.press("新しい照会")
        await self.page.get_by_label("氏名・振り仮名・宛名番号").fill(words)
        await self.press("探す")
        await self.press("この方を選ぶ", exact=False)

    async def choose_question(self, case: Case, provider: str) -> None:
        """Steps 2 and 3: the procedure of a lawful case, and whom to ask for its piece."""
        row = law().row(case.permission)
        assert row is not None and case.piece is not None
        await self.page.get_by_label("事務の言葉で探す").fill(plain(row.affair))
        await self.press("探す")
        article, no, _ = case.piece.split("/")
        number = "" if no == "-" else no
        await self.page.locator(f'main a[href*="article={article}&no={number}"]').first.click()
        links = self.page.locator(f'main a[href*="to={provider}&"]')
        for link in await links.all():
            query = parse_qs(urlsplit(await link.get_attribute("href") or "").query)
            if query["piece"] == [case.piece]:
                await link.click()
                return
        raise AssertionError("the page does not offer the lawful question")


def label(information: str, key: str) -> str:
    """The Japanese name of an item."""
    layout = layouts().latest(information)
    assert layout is not None
    return layout.items[key].label
