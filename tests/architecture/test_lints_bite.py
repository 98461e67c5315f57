"""Each lint finds what it is for, and lets pass what is right."""

import ast

import architecture_lints as lints
import pytest

FACES = {"base": frozenset({"Problem"}), "messages": frozenset({"http"})}


def faults(lint, text, *rest):
    return len(list(lint(ast.parse(text), *rest)))


@pytest.mark.parametrize(
    "text",
    [
        "from kumihimo.base.errors import Problem",
        "from kumihimo.base import _Digits",
        "import kumihimo.base.errors",
        "def late():\n    from kumihimo.messages.keys import SigningKey",
    ],
)
def test_a_step_past_a_public_face_is_found(text):
    assert faults(lints.doors, text, "law", FACES.__getitem__) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from kumihimo.base import Problem",
        "from kumihimo.messages import http",
        "from kumihimo.messages.http import verify_request",
        "from kumihimo.law.rows import Row",
        "import kumihimo.base",
    ],
)
def test_the_public_face_and_ones_own_room_are_open(text):
    assert faults(lints.doors, text, "law", FACES.__getitem__) == 0


@pytest.mark.parametrize(
    "text",
    [
        "IndividualNumber(text)",
        "base.IndividualNumber(text)",
        "IndividualNumber.parse(text)",
        "base.IndividualNumber.parse(text)",
        "list(map(IndividualNumber.parse, texts))",
        "list(map(IndividualNumber, texts))",
        "IndividualNumber.with_check_digit(text)",
        "from kumihimo.base import IndividualNumber as Number",
    ],
)
def test_a_number_made_is_found(text):
    assert faults(lints.numbers_made, text) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "from kumihimo.base import IndividualNumber",
        "def acquire(number: IndividualNumber) -> None: ...",
        "isinstance(number, IndividualNumber)",
        "ResidentCode.parse(text)",
    ],
)
def test_a_number_only_handed_on_is_left_alone(text):
    assert faults(lints.numbers_made, text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "import rbcl",
        "import rbcl as group",
        "from rbcl import crypto_scalarmult",
        "from nacl.bindings import crypto_scalarmult_ristretto255",
        "library.crypto_scalarmult_ristretto255(out, scalar, point)",
        "InstitutionCode(element)",
        "codes.InstitutionCode(element)",
        "from kumihimo.codes import InstitutionCode as Code",
    ],
)
def test_a_code_derived_is_found(text):
    assert faults(lints.codes_derived, text) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "from kumihimo.codes import InstitutionCode",
        "InstitutionCode.parse(row.code)",
        "def of(code: InstitutionCode): ...",
    ],
)
def test_a_code_kept_is_left_alone(text):
    assert faults(lints.codes_derived, text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "f'{number.reveal()}'",
        "f'{hash(number.reveal()):x}'",
        "'%s' % number.reveal()",
        "'{}'.format(number.reveal())",
        "logger.info('held', number=number.reveal())",
        "log.warning('%s', number.reveal())",
        "print(number.reveal())",
        "raise ValueError(number.reveal())",
    ],
)
def test_a_secret_put_into_text_is_found(text):
    assert faults(lints.revealed, text) >= 1


@pytest.mark.parametrize(
    "text",
    ["hmac.digest(key.reveal(), message, 'sha256')", "f'{number}'", "logger.info('held', number=number)"],
)
def test_a_secret_used_is_left_alone(text):
    assert faults(lints.revealed, text) == 0


def test_a_missing_docstring_is_found():
    assert faults(lints.undocumented, "x = 1") == 1
    assert faults(lints.undocumented, "'''Duty.'''\ndef ask(): ...\nclass Row: ...\ndef _own(): ...") == 2


def test_a_long_function_is_found():
    assert faults(lints.long_functions, "def f():\n" + "    x = 1\n" * 59) == 0
    assert faults(lints.long_functions, "def f():\n" + "    x = 1\n" * 60) == 1
