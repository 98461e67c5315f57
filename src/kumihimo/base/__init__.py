"""The alphabet of Kumihimo: identifiers, dates, municipalities and the error vocabulary. No I/O."""

from kumihimo.base.clock import JST, Clock, system_clock
from kumihimo.base.error_types import ErrorType
from kumihimo.base.errors import Problem
from kumihimo.base.secret import Secret

__all__ = ["JST", "Clock", "ErrorType", "Problem", "Secret", "system_clock"]
