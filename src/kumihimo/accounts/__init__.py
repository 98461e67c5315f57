"""The register of benefit accounts (公的給付支給等口座登録簿): one own account per person, by choice."""

from kumihimo.accounts.app import open_room

__all__ = ["open_room"]
