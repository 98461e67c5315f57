"""The second door for national portals: a person's records in the words of Estonia's data tracker."""

from kumihimo.tracker.usages import Period, Usage, usages

__all__ = ["Period", "Usage", "usages"]
