"""Who is signed in, in the memory of this process only: nothing at rest, and gone with the process."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MOST = 10_000


@dataclass(slots=True)
class Session[T]:
    """One signed-in visit, bound to whom it was opened for until it ends."""

    token: str = field(repr=False)
    who: T = field(repr=False)
    until: float


class Sessions[T]:
    """The open visits of one institution's pages; each ends on sign-out or after so many idle minutes."""

    def __init__(self, idle_minutes: float, now: Callable[[], float] = time.monotonic) -> None:
        self._idle = idle_minutes * 60
        self._now = now
        self._open: dict[str, Session[T]] = {}

    def __len__(self) -> int:
        self._sweep()
        return len(self._open)

    def open(self, who: T) -> Session[T]:
        """Begin a visit under a fresh token; the oldest make room when there are too many."""
        self._sweep()
        while len(self._open) >= MOST:
            del self._open[next(iter(self._open))]
        session = Session(secrets.token_urlsafe(32), who, self._now() + self._idle)
        self._open[session.token] = session
        return session

    def find(self, token: str | None) -> Session[T] | None:
        """The visit of a token, kept alive by this look; null when it has ended."""
        session = self._open.get(token or "")
        if session is None or session.until < self._now():
            self.end(token)
            return None
        session.until = self._now() + self._idle
        return session

    def end(self, token: str | None) -> None:
        """End a visit; nothing of it remains."""
        self._open.pop(token or "", None)

    def _sweep(self) -> None:
        now = self._now()
        for token in [token for token, session in self._open.items() if session.until < now]:
            del self._open[token]
