"""A person's records in plain words, for the pages that show them: on the screen, on paper, in a file.

Imported only by rooms that have pages, so that the ledger itself never loads a template engine.
"""

from kumihimo.ledger.reading.history import Filter, Sort, State, Story, stories
from kumihimo.ledger.reading.progress import GROUND_WORDS, WRONGS
from kumihimo.ledger.reading.telling import Teller, Told

__all__ = ["GROUND_WORDS", "WRONGS", "Filter", "Sort", "State", "Story", "Teller", "Told", "stories"]
