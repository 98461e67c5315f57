"""What a node tells its keepers: JSON log lines and metrics, never anything about a person.

Log lines go to standard error, by default from WARNING up. A value that guards itself, or that looks like
an individual number (12 digits), a resident code (11) or an addressee number (15), is refused.
"""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from structlog.typing import FilteringBoundLogger

type Logger = FilteringBoundLogger
type Plane = Literal["x", "o", "pages"]

MetricName = Literal[
    # requests answered, by plane and HTTP status
    "kumihimo_requests",
    # batches the journal settled; with the next one, how well grouping works
    "kumihimo_journal_batches",
    # jobs the journal took
    "kumihimo_journal_jobs",
    # seconds one journal batch took, waiting for the disk included
    "kumihimo_journal_seconds",
    # outbox rows by what became of them: done, again, parked
    "kumihimo_outbox_rows",
    # serial of the directory in use
    "kumihimo_directory_serial",
]

REFUSED = "[refused]"
_PERSONAL = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9]{11,12}|[0-9]{15})(?![0-9A-Fa-f])")
_PLAIN = (str, int, float, bool, type(None))


class Metrics:
    """The counters of one institution; a room adds its own to `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = self._counter("kumihimo_requests", "Requests answered", "plane", "status")
        self._request_children: dict[tuple[Plane, int], Counter] = {}
        self._batches = self._counter("kumihimo_journal_batches", "Journal batches settled")
        self._jobs = self._counter("kumihimo_journal_jobs", "Journal jobs taken")
        name: MetricName = "kumihimo_journal_seconds"
        self._seconds = Histogram(name, "Seconds of one journal batch", registry=self.registry)
        self._outbox = self._counter("kumihimo_outbox_rows", "Outbox rows by outcome", "outcome")
        name = "kumihimo_directory_serial"
        self.directory_serial = Gauge(name, "Serial of the directory in use", registry=self.registry)

    def _counter(self, name: MetricName, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def request(self, plane: Plane, status: int) -> None:
        """Count one answered request."""
        child = self._request_children.get((plane, status))
        if child is None:
            child = self._request_children[plane, status] = self._requests.labels(plane, str(status))
        child.inc()

    def journal_batch(self, jobs: int, seconds: float) -> None:
        """Count one settled batch of the journal."""
        self._batches.inc()
        self._jobs.inc(jobs)
        self._seconds.observe(seconds)

    def outbox(self, outcome: Literal["done", "again", "parked"], rows: int) -> None:
        """Count rows of the outbox by what became of them."""
        self._outbox.labels(outcome).inc(rows)

    def text(self) -> bytes:
        """All metrics in the Prometheus text format."""
        return generate_latest(self.registry)


def configure_logging(level: str = "warning") -> None:
    """Send structured log lines as JSON to standard error, from `level` up."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            refuse_personal,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries speak through the standard module; only what they call an error is worth a line.
    logging.basicConfig(
        level=logging.ERROR, stream=sys.stderr, format='{"level": "error", "library": "%(name)s"}'
    )


def logger_of(institution: str) -> Logger:
    """The log of one institution."""
    logger: Logger = structlog.get_logger(institution=institution)
    return logger


def refuse_personal(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep persons out of the log: plain values only, and none that looks like a person's number."""
    for key, value in event.items():
        if not isinstance(value, _PLAIN) or _PERSONAL.search(str(value)):
            event[key] = REFUSED
    return event


def where(fault: BaseException) -> str:
    """Where an unexpected fault arose, without its message, which may quote a person's data."""
    frames = traceback.extract_tb(fault.__traceback__)[-4:]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
