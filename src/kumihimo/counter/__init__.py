"""The counter: persons without card or phone see their own records of exchange, on paper."""

from kumihimo.counter.service import MEANS, Counter, Means

__all__ = ["MEANS", "Counter", "Means"]
