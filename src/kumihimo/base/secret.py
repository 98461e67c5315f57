"""Secret bytes that guard themselves: they show nothing unless asked by name."""

import hmac
from typing import NoReturn, final


@final
class Secret:
    """Key material or another secret byte string; printed, logged or formatted it reads `Secret(****)`.

    `reveal()` gives the bytes. Equality takes constant time; a secret cannot be pickled.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    def reveal(self) -> bytes:
        """The bytes themselves, for the one call that needs them."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(****)"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")
