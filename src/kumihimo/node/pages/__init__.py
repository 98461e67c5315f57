"""The page kit: one frame, one style and one protection of forms for all pages of all institutions.

Imported only by rooms that have pages, so that an operator never loads a template engine.
"""

from kumihimo.node.pages.sessions import Session, Sessions
from kumihimo.node.pages.site import (
    PageController,
    PageRequest,
    PageResponse,
    Place,
    Site,
    application,
    problem_of,
)
from kumihimo.node.pages.words import Lang, Words, day_text, moment, read_day, yen

__all__ = [
    "Lang",
    "PageController",
    "PageRequest",
    "PageResponse",
    "Place",
    "Session",
    "Sessions",
    "Site",
    "Words",
    "application",
    "day_text",
    "moment",
    "problem_of",
    "read_day",
    "yen",
]
