"""The numbers institutions know persons, companies, municipalities and each other by.

Parsing is strict and in this order: length, ASCII digits, check digit. Full-width digits, spaces and
hyphens are put in order at the edge of a form (NFKC), never here. What identifies a natural person is
masked wherever it could be printed, cannot be pickled, and is compared in constant time.
"""

import hmac
from enum import StrEnum
from typing import ClassVar, Final, NoReturn, Self, final

from kumihimo.base.check_digits import (
    corporate_number_check,
    individual_number_check,
    local_government_check,
    resident_code_check,
)


class IdentifierFault(StrEnum):
    """Why a text is not an identifier of the kind asked for; the first fault found counts."""

    LENGTH = "length"
    NOT_DIGITS = "not-digits"
    CHECK_DIGIT = "check-digit"


class InvalidIdentifier(ValueError):  # noqa: N818 - part of the published vocabulary
    """A text is not such an identifier; says which kind and why, never the text."""

    def __init__(self, kind: str, reason: IdentifierFault) -> None:
        super().__init__(f"not a valid {kind}: {reason}")
        self.kind = kind
        self.reason = reason


class _Digits:
    """A fixed number of ASCII digits, whole only with its check digit; shared so that no kind is laxer."""

    __slots__ = ("_digits",)
    _length: ClassVar[int]
    _payload: ClassVar[slice] = slice(None, -1)

    def __init__(self, text: str) -> None:
        if len(text) != self._length:
            raise InvalidIdentifier(type(self).__name__, IdentifierFault.LENGTH)
        if not _ascii_digits(text):
            raise InvalidIdentifier(type(self).__name__, IdentifierFault.NOT_DIGITS)
        if self._whole(text[self._payload]) != text:
            raise InvalidIdentifier(type(self).__name__, IdentifierFault.CHECK_DIGIT)
        self._digits: Final = text

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the identifier from exactly its digits; raises InvalidIdentifier."""
        return cls(text)

    @classmethod
    def with_check_digit(cls, payload: str) -> Self:
        """Put the check digit to the digits it is computed from; raises InvalidIdentifier."""
        if len(payload) != len(range(cls._length)[cls._payload]):
            raise InvalidIdentifier(cls.__name__, IdentifierFault.LENGTH)
        if not _ascii_digits(payload):
            raise InvalidIdentifier(cls.__name__, IdentifierFault.NOT_DIGITS)
        return cls(cls._whole(payload))

    @staticmethod
    def _whole(payload: str) -> str:
        raise NotImplementedError

    def reveal(self) -> str:
        """The digits themselves, for the one call that needs them."""
        return self._digits

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._digits})"

    def __str__(self) -> str:
        return self._digits

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Digits)
            and type(other) is type(self)
            and hmac.compare_digest(self._digits, other._digits)
        )

    def __hash__(self) -> int:
        return hash((type(self), self._digits))


class _Masked(_Digits):
    """Digits that identify a natural person: shown to nobody who does not ask by name."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(****)"

    def __str__(self) -> str:
        return repr(self)

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is not pickled")


@final
class IndividualNumber(_Masked):
    """個人番号: the number of one person for life, 11 digits and a check digit (番号法2条5項・8条).

    Only `numbering` makes one from stored digits. The all-zero number passes the arithmetic and must
    never be allotted.
    """

    __slots__ = ()
    _length = 12

    @staticmethod
    def _whole(payload: str) -> str:
        return payload + individual_number_check(payload)


@final
class ResidentCode(_Masked):
    """住民票コード: the resident register's own code, 10 random digits and a check digit (住基法7条13号).

    The check digit is of medium confidence (平成14年総務省告示436号), see `resident_code_check`.
    """

    __slots__ = ()
    _length = 11

    @staticmethod
    def _whole(payload: str) -> str:
        return payload + resident_code_check(payload)


@final
class AddresseeNumber(_Masked):
    """宛名番号: a person in one business system, or (団体内統合宛名番号) in one body; 15 digits, no check.

    Zero-padded on the left, as in the exchange files of municipal systems; means nothing elsewhere.
    """

    __slots__ = ()
    _length = 15
    _payload = slice(None)

    @staticmethod
    def _whole(payload: str) -> str:
        return payload


@final
class CorporateNumber(_Digits):
    """法人番号: the public number of a company or body, a check digit 1-9 and 12 digits (番号法39条)."""

    __slots__ = ()
    _length = 13
    _payload = slice(1, None)

    @staticmethod
    def _whole(payload: str) -> str:
        return corporate_number_check(payload) + payload


@final
class LocalGovernmentCode(_Digits):
    """全国地方公共団体コード: prefecture (2), municipality or ward (3), check digit; public.

    A right check digit does not mean that the code is in force: ask `municipality` for that.
    """

    __slots__ = ()
    _length = 6

    @staticmethod
    def _whole(payload: str) -> str:
        return payload + local_government_check(payload)


@final
class InstitutionNumber(_Digits):
    """機関コード: the public 16-digit number of a body taking part in the exchange; no check digit."""

    __slots__ = ()
    _length = 16
    _payload = slice(None)

    @staticmethod
    def _whole(payload: str) -> str:
        return payload


def _ascii_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
