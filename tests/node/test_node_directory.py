"""The directory is believed only with all its signatures, in date, and never going back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from node_parties import COMMISSION, ROOTS, trusted

from kumihimo.base import ErrorType, Problem, Secret, system_clock
from kumihimo.codes import Domain, OperatorKey
from kumihimo.messages import SigningKey, canonical, jws
from kumihimo.node import (
    EMPTY,
    Assessment,
    Commitment,
    DirectoryIncompleteError,
    DirectoryView,
    Metrics,
    assemble,
    directory_statement,
    oversight_statement,
    parse_directory,
    sign_directory,
)
from kumihimo.node.telemetry import logger_of
from kumihimo.node.transport import Transport

STRANGER = SigningKey.from_seed(b"\x09" * 32)


def signed(directory, roots=ROOTS, commission=COMMISSION):
    return sign_directory(directory, roots, commission)


def read(document):
    return parse_directory(document, trusted(), datetime.now(UTC))


@pytest.fixture
async def settings(ground):
    return await ground.institution("digital")


@pytest.fixture
def directory(ground, settings):
    return ground.directory()


def committed(directory, operator=1, epoch=1):
    key = OperatorKey(operator, Secret(bytes(32))).domain(Domain("jp/digital", epoch))
    commitment = Commitment(epoch, bytes(key.commitment), key.possession)
    entry = replace(directory.entries["digital"], commitments={operator: (commitment,)})
    return replace(directory, entries={"digital": entry})


async def test_a_signed_directory_reads_back_as_it_was_written(directory):
    directory = committed(directory)
    assert read(signed(directory)) == directory
    entry = directory.entries["digital"]
    assert entry.commitment(1, 1) is not None
    assert entry.commitment(1, 2) is entry.commitment(2, 1) is None


async def test_signatures_made_apart_give_the_same_document(directory):
    statement = directory_statement(directory)
    signatures = {f"root-{n}": jws.sign_detached(statement, key, f"root-{n}") for n, key in ROOTS.items()}
    oversight = oversight_statement(directory.oversight)
    signatures["commission"] = jws.sign_detached(oversight, COMMISSION, "commission")
    assert assemble(directory, signatures) == signed(directory)


@pytest.mark.parametrize(
    ("roots", "commission"),
    [
        ({1: ROOTS[1]}, COMMISSION),
        ({2: ROOTS[2]}, COMMISSION),
        ({1: ROOTS[1], 2: ROOTS[1]}, COMMISSION),
        ({1: STRANGER, 2: ROOTS[2]}, COMMISSION),
        (ROOTS, STRANGER),
        (ROOTS, ROOTS[1]),
    ],
    ids=["no 2", "no 1", "1 twice", "stranger", "no commission", "operator as commission"],
)
async def test_a_missing_or_false_signature_is_refused(directory, roots, commission):
    refused = read(signed(directory, roots, commission))
    assert isinstance(refused, Problem)
    assert refused.type is ErrorType.SIGNATURE_INVALID


async def test_any_change_of_the_document_is_refused(directory):
    document = canonical.decode(signed(directory))
    document["directory"]["entries"]["digital"]["roles"] = ["role-1"]
    assert read(canonical.encode(document)).type is ErrorType.SIGNATURE_INVALID
    document = canonical.decode(signed(directory))
    document["directory"]["entries"]["digital"]["codes_from"] = ["muni-131016"]
    assert read(canonical.encode(document)).type is ErrorType.SIGNATURE_INVALID
    document = canonical.decode(signed(directory))
    document["oversight"]["suspended"] = {"digital": "?"}
    assert read(canonical.encode(document)).type is ErrorType.SIGNATURE_INVALID


@pytest.mark.parametrize("garbage", [b"", b"{}", b"[]", b"\xff", b'{"directory":{}}', b"{" * 1000])
async def test_garbage_is_malformed(garbage):
    assert read(garbage).type is ErrorType.MALFORMED


async def test_an_expired_directory_is_refused(directory):
    past = replace(directory, expires=directory.issued)
    assert read(signed(past)).type is ErrorType.EXPIRED


async def test_a_commitment_without_its_proof_is_refused(directory):
    proved = committed(directory)
    entry = proved.entries["digital"]
    first = entry.commitments[1][0]
    for false in (
        {1: (replace(first, possession=bytes(64)),)},
        {1: (replace(first, epoch=2),)},
        {2: (first,)},
    ):
        unproved = replace(proved, entries={"digital": replace(entry, commitments=false)})
        assert read(signed(unproved)).type is ErrorType.PROOF_INVALID


async def test_an_assessment_is_in_force_between_its_days_unless_withdrawn():
    assessment = Assessment(date(2026, 4, 1), date(2031, 3, 31))
    days = [date(2026, 3, 31), date(2026, 4, 1), date(2031, 3, 31), date(2031, 4, 1)]
    assert [assessment.in_force(day) for day in days] == [False, True, True, False]
    withdrawn = replace(assessment, withdrawn=date(2027, 1, 1))
    assert [withdrawn.in_force(date(2026, 12, 31)), withdrawn.in_force(date(2027, 1, 1))] == [True, False]


async def test_codes_are_taken_from_oneself_and_from_whom_one_names(directory):
    entry = directory.entries["digital"]
    assert [entry.takes_codes_from(name) for name in ("digital", "muni-131016", "")] == [True, False, False]
    named = replace(entry, codes_from=("muni-131016",))
    assert [named.takes_codes_from(name) for name in ("digital", "muni-131016", "muni")] == [
        True,
        True,
        False,
    ]
    told = replace(directory, entries={"digital": named})
    assert read(signed(told)) == told


async def test_a_service_is_found_by_its_name(directory):
    entry = replace(directory.entries["digital"], services=("operator-1", "ledger"))
    named = replace(directory, entries={"digital": entry})
    assert named.operator(1) is named.service("ledger") is entry
    with pytest.raises(DirectoryIncompleteError, match="operator-2"):
        named.operator(2)
    assert named.verify_key("digital") == entry.sign_key
    assert named.verify_key("nobody") is None


@pytest.fixture
async def view(settings):
    transport = Transport()
    yield DirectoryView(
        settings.runtime, transport, clock=system_clock, metrics=Metrics(), logger=logger_of("test")
    )
    await transport.close()


async def test_a_view_never_goes_back(directory, view):
    assert view.current is EMPTY
    assert not view.fresh
    second = replace(directory, serial=2)
    assert view.offer(signed(second)) is None
    assert view.offer(signed(directory)).type is ErrorType.REPLAYED
    third = replace(second, serial=3, oversight=replace(second.oversight, serial=0))
    assert view.offer(signed(third)).type is ErrorType.REPLAYED
    assert view.current == second
    assert view.fresh


async def test_two_directories_of_one_serial_are_refused(directory, view):
    assert view.offer(signed(directory)) is None
    assert view.offer(signed(directory)) is None
    other = replace(directory, expires=directory.expires + timedelta(days=1))
    assert view.offer(signed(other)).type is ErrorType.SIGNATURE_INVALID


async def test_a_suspension_needs_no_new_signature_of_the_operators(directory, view):
    view.offer(signed(directory))
    suspended = replace(directory.oversight, serial=2, suspended={"digital": "incident"})
    assert view.offer(signed(replace(directory, oversight=suspended))) is None
    assert view.current.oversight.suspended == {"digital": "incident"}


async def test_a_last_good_directory_is_kept_until_it_expires(directory, view):
    assert view.offer(signed(directory)) is None
    assert view.offer(b"garbage").type is ErrorType.MALFORMED
    assert view.current == directory
    view._clock = lambda: directory.expires
    assert not view.fresh
