"""A person at the portal: signs in (by the demonstration sign-in) and reads who asked about them.

What is checked is the page itself, as it is sent to the person's browser.
"""

import asyncio
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from http.cookiejar import CookieJar
from urllib.parse import urlencode

from kumihimo.cli.running import Running

_ARTICLE = re.compile(r'<article class="card record".*?</article>', re.DOTALL)
_TX = re.compile(r"<code>([0-9a-f]{32})</code>")
_STATE = re.compile(r'"state state-([a-z]+)"')
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One exchange on the person's page: how it ended, and all text told about it."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Records:
    """The person's page: each exchange by its name, and the whole text."""

    seen: Mapping[str, Seen]
    page: str = field(repr=False)


class Citizen:
    """One person's browser, signed in at the portal."""

    def __init__(self, base_url: str, user: str) -> None:
        self._base, self._user, self._token = base_url, user, ""
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    @classmethod
    def of(cls, nation: Running, person: int) -> "Citizen":
        """A resident of the nation, by place in the population."""
        return cls(nation.settings("portal").base_url, nation.cast["portal"][person])

    async def look(self) -> Records:
        """Look at one's own records now; each look goes on record as well."""
        return await asyncio.to_thread(self._look)

    async def file(self) -> bytes:
        """Save one's own file with its proof, as the button of the page does."""
        return await asyncio.to_thread(self._file)

    def _file(self) -> bytes:
        self._sign_in()
        return self._read("/file", save="1")

    def _sign_in(self) -> None:
        if not self._token:
            self._open("/")
            self._open("/sign-in", user=self._user)

    def _look(self) -> Records:
        self._sign_in()
        self._open("/look", again="1")
        page = self._open("/?print=1")
        articles = _ARTICLE.findall(page)
        return Records({tx: seen for article in articles for tx, seen in _read(article)}, page)

    def _open(self, path: str, **form: str) -> str:
        page = self._read(path, **form).decode()
        found = _TOKEN.search(page)
        self._token = found[1] if found else self._token
        return page

    def _read(self, path: str, **form: str) -> bytes:
        data = urlencode({**form, "form_token": self._token}).encode() if form else None
        with self._browser.open(self._base + path, data=data, timeout=_SECONDS) as answer:
            body: bytes = answer.read()
        return body


def _read(article: str) -> list[tuple[str, Seen]]:
    tx, state = _TX.search(article), _STATE.search(article)
    return [(tx[1], Seen(state[1] if state else "", unescape(article)))] if tx else []
