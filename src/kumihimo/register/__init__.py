"""The resident register of a municipality (住民基本台帳): who lives where, with whom, since when."""

from kumihimo.register.app import open_room

__all__ = ["open_room"]
