"""Searches files and memory for what must not be there: payload, numbers, codes."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_ANCHOR = 4  # characters of Japanese text with which every word searched for begins
_DIGITS = re.compile(rb"\d{7,}")
_UTF8 = re.compile(rb"(?:[\xe3-\xe9][\x80-\xbf]{2}){4,}")
_UTF16 = re.compile(rb"[\x30\x4e-\x9f]{4,}")  # high bytes of kana and kanji, as Python keeps them in memory
_TOKENS = re.compile(rb"[A-Za-z0-9+/_-]{43,}")
_PAGE = 4096


def can_search(word: str) -> bool:
    """Whether a word begins with enough Japanese text to be searched for."""
    return bool(_UTF8.match(word[:_ANCHOR].encode()))


@dataclass(frozen=True)
class Needles:
    """What to search for: Japanese words, strings of digits, and secret bytes (also in hex and base64)."""

    words: frozenset[str]
    digits: frozenset[str]
    raw: frozenset[bytes]

    def found(self, data: bytes) -> set[str | bytes]:
        """Everything searched for that stands in these bytes."""
        hits: set[str | bytes] = {one for one in self.raw if one in data}
        hits.update(self._in_digits(data))
        hits.update(self._in_tokens(data))
        for match in _UTF8.finditer(data):
            hits.update(_at(self._utf8, data, range(match.start(), match.end(), 3), 12))
        for match in _UTF16.finditer(data[1::2]):
            hits.update(_at(self._utf16, data, range(2 * match.start(), 2 * match.end(), 2), 8))
        return hits

    def _in_digits(self, data: bytes) -> Iterator[str]:
        """Long numbers also inside longer rows of digits; short ones, which chance may make, alone."""
        sizes = {len(one) for one in self.digits}
        for match in _DIGITS.finditer(data):
            run = match.group().decode()
            for size in sizes:
                for at in range(len(run) - size + 1) if size >= 11 else [0] * (len(run) == size):
                    if run[at : at + size] in self.digits:
                        yield run[at : at + size]

    def _in_tokens(self, data: bytes) -> Iterator[bytes]:
        for match in _TOKENS.finditer(data):
            run = match.group()
            for part in (run[:43], run[-43:], run[:64], run[-64:]):
                if part in self._spelled:
                    yield self._spelled[part]

    @cached_property
    def _utf8(self) -> Mapping[bytes, list[bytes]]:
        return _anchored(self.words, "utf-8", 12)

    @cached_property
    def _utf16(self) -> Mapping[bytes, list[bytes]]:
        return _anchored(self.words, "utf-16-le", 8)

    @cached_property
    def _spelled(self) -> Mapping[bytes, bytes]:
        return {form: one for one in self.raw for form in _spellings(one)}


def _anchored(words: Iterable[str], encoding: str, size: int) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for word in words:
        spelled = word.encode(encoding)
        found.setdefault(spelled[:size], []).append(spelled)
    return found


def _at(words: Mapping[bytes, list[bytes]], data: bytes, places: range, size: int) -> Iterator[str]:
    for at in places:
        for spelled in words.get(data[at : at + size], ()):
            if data.startswith(spelled, at):
                yield spelled.decode("utf-8" if size == 12 else "utf-16-le")


def _spellings(secret: bytes) -> tuple[bytes, ...]:
    plain = base64.b64encode(secret).rstrip(b"=")
    return secret.hex().encode(), plain, plain.replace(b"+", b"-").replace(b"/", b"_")


def files(paths: Iterable[Path]) -> bytes:
    """The bytes of all files at or below these paths."""
    found = [path for one in paths for path in ([one] if one.is_file() else sorted(one.rglob("*")))]
    return b"\n".join(path.read_bytes() for path in found if path.is_file())


def memory(pid: int) -> Iterator[bytes]:
    """What a process holds in memory it can write to, region by region, empty pages left out.

    Raises PermissionError where a process may not be read.
    """
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as source:
        for line in maps:
            span, rights, *_ = line.split()
            if not rights.startswith("rw") or "[v" in line:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            source.seek(start)
            try:
                yield _without_empty_pages(source.read(end - start))
            except OSError:
                continue  # a region that went away meanwhile


def _without_empty_pages(region: bytes) -> bytes:
    empty = bytes(_PAGE)
    pages = (region[at : at + _PAGE] for at in range(0, len(region), _PAGE))
    return b"".join(page for page in pages if page != empty)
