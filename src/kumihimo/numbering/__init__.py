"""Numbering: the only holder of the link between a number and a person."""

from kumihimo.numbering.model import Numbered, encode, number_index
from kumihimo.numbering.service import read_index_key
from kumihimo.numbering.store import enrol

__all__ = ["Numbered", "encode", "enrol", "number_index", "read_index_key"]
