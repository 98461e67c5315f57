"""Mynaportal: the citizen's window on who looked at their data."""

from kumihimo.portal.service import Portal

__all__ = ["Portal"]
