"""Identifiers: the published vectors, the order of faults, and python-stdnum as an independent judge."""

import pytest
import stdnum.jp.cn
import stdnum.jp.in_
from hypothesis import given
from hypothesis import strategies as st

from kumihimo.base import (
    AddresseeNumber,
    CorporateNumber,
    IdentifierFault,
    IndividualNumber,
    InstitutionNumber,
    InvalidIdentifier,
    LocalGovernmentCode,
    ResidentCode,
)

INDIVIDUAL_NUMBERS = [
    "123456789018",
    "000000000000",
    "999999999996",
    "621498320257",
    "614106526000",
    "983205673214",
    "537686677188",
    "023456789013",
    "111111111118",
    "000000000019",
    "000000000051",
    "000000000060",
    "100000000005",
]
RESIDENT_CODES = [
    "12345678903",
    "00000000000",
    "99999999995",
    "11111111113",
    "00000000051",
    "00000000060",
]
CORPORATE_NUMBERS = [
    "7000012050002",
    "8000012010038",
    "2000012020001",
    "6000012070001",
    "1180301018771",
    "5835678256246",
    "8700110005901",
    "7123456789012",
    "9000000000000",
    "9999999999999",
]
LOCAL_GOVERNMENT_CODES = [
    "010006",
    "011002",
    "130001",
    "131016",
    "132217",
    "221384",
    "221392",
    "221406",
    "271004",
    "401307",
    "473821",
    "221376",
]
FULL_WIDTH = "１２３４５６７８９０１８"


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


def valid(kind, text) -> bool:
    try:
        return kind.parse(text).reveal() == text
    except InvalidIdentifier:
        return False


def fault(kind, text) -> IdentifierFault:
    with pytest.raises(InvalidIdentifier) as caught:
        kind.parse(text)
    return caught.value.reason


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((IndividualNumber, text) for text in INDIVIDUAL_NUMBERS),
        *((ResidentCode, text) for text in RESIDENT_CODES),
        *((CorporateNumber, text) for text in CORPORATE_NUMBERS),
        *((LocalGovernmentCode, text) for text in LOCAL_GOVERNMENT_CODES),
        (AddresseeNumber, "000001234567890"),
        (InstitutionNumber, "0220113112101700"),
    ],
)
def test_published_identifiers_are_read_and_given_back(kind, text):
    assert kind.parse(text).reveal() == text


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        (IndividualNumber, "123456789010", IdentifierFault.CHECK_DIGIT),
        (IndividualNumber, "621498320258", IdentifierFault.CHECK_DIGIT),
        (IndividualNumber, "62149832025X", IdentifierFault.NOT_DIGITS),
        (IndividualNumber, "12345678901", IdentifierFault.LENGTH),
        (IndividualNumber, "1234567890188", IdentifierFault.LENGTH),
        (IndividualNumber, FULL_WIDTH, IdentifierFault.NOT_DIGITS),
        (IndividualNumber, "1234 5678 9018", IdentifierFault.LENGTH),
        (IndividualNumber, "1234567890²8", IdentifierFault.NOT_DIGITS),
        (ResidentCode, "12345678904", IdentifierFault.CHECK_DIGIT),
        (CorporateNumber, "2835678256246", IdentifierFault.CHECK_DIGIT),
        (CorporateNumber, "0000012050002", IdentifierFault.CHECK_DIGIT),
        (LocalGovernmentCode, "131010", IdentifierFault.CHECK_DIGIT),
        (LocalGovernmentCode, "473820", IdentifierFault.CHECK_DIGIT),
        (LocalGovernmentCode, "22137", IdentifierFault.LENGTH),
        (AddresseeNumber, "1234567890", IdentifierFault.LENGTH),
        (InstitutionNumber, "02201131121017O0", IdentifierFault.NOT_DIGITS),
    ],
)
def test_the_first_fault_is_named(kind, text, reason):
    assert fault(kind, text) is reason


@given(digits(12))
def test_individual_numbers_agree_with_stdnum_on_any_digits(text):
    assert valid(IndividualNumber, text) == stdnum.jp.in_.is_valid(text)


@given(digits(13))
def test_corporate_numbers_agree_with_stdnum_on_any_digits(text):
    assert valid(CorporateNumber, text) == stdnum.jp.cn.is_valid(text)


@given(digits(11))
def test_individual_number_check_digits_agree_with_stdnum(payload):
    number = IndividualNumber.with_check_digit(payload).reveal()
    assert number == payload + stdnum.jp.in_.calc_check_digit(payload)
    assert stdnum.jp.in_.is_valid(number)


@given(digits(12))
def test_corporate_number_check_digits_agree_with_stdnum(payload):
    number = CorporateNumber.with_check_digit(payload)
    assert stdnum.jp.cn.is_valid(number.reveal())
    assert number.reveal()[0] != "0"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=16))
def test_any_text_is_an_individual_number_or_refused(text):
    # stdnum also tidies separators and full-width digits away; our core takes only what it would return.
    assert valid(IndividualNumber, text) == (
        text.isascii() and text.isdigit() and stdnum.jp.in_.is_valid(text)
    )


def test_full_width_digits_are_where_we_mean_to_differ_from_stdnum():
    assert stdnum.jp.in_.is_valid(FULL_WIDTH)
    assert not valid(IndividualNumber, FULL_WIDTH)


@given(digits(10))
def test_resident_codes_carry_one_right_check_digit(payload):
    whole = ResidentCode.with_check_digit(payload).reveal()
    assert [d for d in "0123456789" if valid(ResidentCode, payload + d)] == [whole[-1]]


@given(digits(5))
def test_local_government_codes_carry_one_right_check_digit(payload):
    whole = LocalGovernmentCode.with_check_digit(payload).reveal()
    assert [d for d in "0123456789" if valid(LocalGovernmentCode, payload + d)] == [whole[-1]]


def test_remainder_zero_gives_one_in_local_government_codes_and_zero_in_numbers():
    assert LocalGovernmentCode.with_check_digit("47382").reveal() == "473821"
    assert IndividualNumber.with_check_digit("00000000000").reveal() == "000000000000"


@pytest.mark.parametrize(("payload", "reason"), [("1234", "length"), ("1234567890x", "not-digits")])
def test_a_check_digit_is_put_only_to_a_whole_payload(payload, reason):
    with pytest.raises(InvalidIdentifier) as caught:
        IndividualNumber.with_check_digit(payload)
    assert caught.value.reason == reason


def test_identifiers_of_different_kinds_are_never_equal():
    digits_of_both = "000000000000000"
    assert AddresseeNumber(digits_of_both) == AddresseeNumber(digits_of_both)
    assert AddresseeNumber(digits_of_both) != digits_of_both
    assert ResidentCode("00000000000") != IndividualNumber("000000000000")
    assert len({IndividualNumber("123456789018"), IndividualNumber("123456789018")}) == 1


def test_public_identifiers_are_shown():
    assert f"{CorporateNumber('7000012050002')}" == "7000012050002"
    assert repr(LocalGovernmentCode("131016")) == "LocalGovernmentCode(131016)"
    assert f"{InstitutionNumber('0220113112101700'):>18}" == "  0220113112101700"
