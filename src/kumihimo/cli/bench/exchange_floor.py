"""The cryptography of one exchange, bare: no message is built, nothing is stored, nothing is sent.

Counted is what the protocol itself demands of all five desks together: blinding, both operators'
conversions with proofs toward provider and ledger, both receivers' verification, the label, every
signature on slip, stamps, receipt, answer and HTTP messages with their verifications, and the three boxes.
"""

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import fmean

from kumihimo.base import Problem
from kumihimo.codes import (
    Conversion,
    Domain,
    InstitutionCode,
    Leg,
    OperatorKey,
    convert_each,
    multiply,
    person_element,
    random_scalar,
    receive,
    request,
)
from kumihimo.messages import BoxKey, SigningKey, boxes

SLIP_SIGNED, SLIP_VERIFIED = 1, 4
STAMPS_SIGNED, STAMPS_VERIFIED = 2, 5
RECEIPT_SIGNED, RECEIPT_VERIFIED = 1, 1
ANSWER_SIGNED, ANSWER_VERIFIED = 1, 1
HTTP_SIGNED, HTTP_VERIFIED = 8, 8
SOURCE, TARGET, LEDGER = (Domain(label, 0) for label in ("jp/muni/131016", "jp/nenkin", "jp/ledger"))
MESSAGE_BYTES, HTTP_BASE_BYTES, BOX_BYTES, ITEMS_BYTES = 1200, 350, 220, 600


def exchange_floor_seconds(seconds: float) -> float:
    """CPU seconds of the cryptography of one exchange, with every processor as busy as in the product's run.

    Two processors of a small machine share one core's units: what one does costs more while the other works.
    """
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return fmean(pool.map(_one_worker, [seconds] * workers))


class _Parties:
    """Both operators and the three institutions of one exchange, with fresh keys."""

    def __init__(self) -> None:
        self.operators = OperatorKey(1, secrets.token_bytes(32)), OperatorKey(2, secrets.token_bytes(32))
        self.pair = {
            domain: (secrets.token_bytes(32), secrets.token_bytes(32)) for domain in (SOURCE, TARGET, LEDGER)
        }
        self.label_secret = random_scalar()
        element = person_element(secrets.token_bytes(32)).element
        for operator in self.operators:
            element = multiply(operator.domain(SOURCE).scalar.reveal(), element)
        self.code = InstitutionCode.parse(element)

    def exchange(self) -> None:
        """The group operations and proofs of one exchange, at all five desks."""
        tx = secrets.token_bytes(16)
        s1, s2 = (operator.domain(SOURCE).commitment for operator in self.operators)
        k1, k2 = self.pair[SOURCE]
        asked = request([self.code], tx=tx, k1=k1, k2=k2, s1=s1, s2=s2)
        x0s = (asked.rows[0].x0,)
        once = self._convert(0, tx, asked.d1, {TARGET: x0s, LEDGER: x0s})
        twice = self._convert(1, tx, asked.d2, {TARGET: once[0].xs, LEDGER: once[1].xs})
        for place, domain in enumerate((TARGET, LEDGER)):
            k1, k2 = self.pair[domain]
            s1, s2 = (operator.domain(domain).commitment for operator in self.operators)
            codes = receive(
                tx=tx,
                source=SOURCE,
                target=domain,
                d1=asked.d1,
                d2=asked.d2,
                rows=[(asked.rows[0].x0, asked.rows[0].cb)],
                openings=[(asked.rows[0].b, asked.rows[0].r)],
                first=once[place],
                second=twice[place],
                k1=k1,
                k2=k2,
                s1=s1,
                s2=s2,
            )
            assert not isinstance(codes, Problem)
        multiply(self.label_secret, self.code.element)

    def _convert(
        self, place: int, tx: bytes, d: bytes, xs: Mapping[Domain, Sequence[bytes]]
    ) -> tuple[Conversion, ...]:
        key = self.operators[place]
        done = convert_each(
            number=key.number,
            tx=tx,
            source=SOURCE,
            d=d,
            source_key=key.domain(SOURCE),
            k_source=self.pair[SOURCE][place],
            legs=[
                Leg(domain, key.domain(domain), self.pair[domain][place], rows) for domain, rows in xs.items()
            ],
        )
        assert not isinstance(done, Problem)
        return done


def _one_worker(seconds: float) -> float:
    """The mean CPU seconds of one exchange's cryptography over a run of so many CPU seconds."""
    parties, signer, box = _Parties(), SigningKey.generate(), BoxKey.generate()
    count, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        parties.exchange()
        _signatures_and_boxes(signer, box)
        count += 1
    return (time.process_time() - started) / count


def _signatures_and_boxes(signer: SigningKey, box: BoxKey) -> None:
    message, base = bytes(MESSAGE_BYTES), bytes(HTTP_BASE_BYTES)
    verifier = signer.verify_key
    signature, http_signature = signer.sign(message), signer.sign(base)
    for _ in range(SLIP_SIGNED + STAMPS_SIGNED + RECEIPT_SIGNED + ANSWER_SIGNED - 1):
        signer.sign(message)
    for _ in range(SLIP_VERIFIED + STAMPS_VERIFIED + RECEIPT_VERIFIED + ANSWER_VERIFIED):
        verifier.verify(signature, message)
    for _ in range(HTTP_SIGNED - 1):
        signer.sign(base)
    for _ in range(HTTP_VERIFIED):
        verifier.verify(http_signature, base)
    for size in (BOX_BYTES, BOX_BYTES, ITEMS_BYTES):
        box.open(boxes.seal(box.public, bytes(size), info=b"floor"), info=b"floor")
