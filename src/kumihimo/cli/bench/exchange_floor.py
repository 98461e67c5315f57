"""The cryptography of one exchange, bare: no message is built, nothing is stored, nothing is sent.

Counted is what the protocol itself demands of all five desks together: blinding, both operators'
conversions with proofs toward provider and ledger, both receivers' verification, the label, every
signature on slip, stamps, receipt, answer and HTTP messages with their verifications, and the three boxes.
"""

import os
import secrets
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import fmean

from kumihimo.base import Problem
from kumihimo.codes import (
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
MESSAGE_BYTES, HTTP_BASE_BYTES, BOX_BYTES, ITEMS_BYTES = 1200, 350, 220, 600


def exchange_floor_seconds(seconds: float) -> float:
    """CPU seconds of the cryptography of one exchange, with every processor as busy as in the product's run.

    Two processors of a small machine share one core's units: what one does costs more while the other works.
    """
    workers = os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return fmean(pool.map(_one_worker, [seconds] * workers))


def _one_worker(seconds: float) -> float:
    """The mean CPU seconds of one exchange's cryptography over a run of so many CPU seconds."""
    source, target, ledger = (Domain(label, 0) for label in ("jp/muni/131016", "jp/nenkin", "jp/ledger"))
    first, second = OperatorKey(1, secrets.token_bytes(32)), OperatorKey(2, secrets.token_bytes(32))
    pair = {name: (secrets.token_bytes(32), secrets.token_bytes(32)) for name in ("a", "b", "l")}
    signer, box, label_secret = SigningKey.generate(), BoxKey.generate(), random_scalar()
    root = person_element(secrets.token_bytes(32)).element
    scalars = first.domain(source).scalar.reveal(), second.domain(source).scalar.reveal()
    code = InstitutionCode.parse(multiply(scalars[0], multiply(scalars[1], root)))
    count, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        tx = secrets.token_bytes(16)
        asked = request(
            [code],
            tx=tx,
            k1=pair["a"][0],
            k2=pair["a"][1],
            s1=first.domain(source).commitment,
            s2=second.domain(source).commitment,
        )
        x0 = [asked.rows[0].x0]
        once = convert_each(
            number=1,
            tx=tx,
            source=source,
            d=asked.d1,
            source_key=first.domain(source),
            k_source=pair["a"][0],
            legs=[
                Leg(target, first.domain(target), pair["b"][0], x0),
                Leg(ledger, first.domain(ledger), pair["l"][0], x0),
            ],
        )
        assert not isinstance(once, Problem)
        twice = convert_each(
            number=2,
            tx=tx,
            source=source,
            d=asked.d2,
            source_key=second.domain(source),
            k_source=pair["a"][1],
            legs=[
                Leg(target, second.domain(target), pair["b"][1], once[0].xs),
                Leg(ledger, second.domain(ledger), pair["l"][1], once[1].xs),
            ],
        )
        assert not isinstance(twice, Problem)
        for place, (domain, name) in enumerate(((target, "b"), (ledger, "l"))):
            codes = receive(
                tx=tx,
                source=source,
                target=domain,
                d1=asked.d1,
                d2=asked.d2,
                rows=[(asked.rows[0].x0, asked.rows[0].cb)],
                openings=[(asked.rows[0].b, asked.rows[0].r)],
                first=once[place],
                second=twice[place],
                k1=pair[name][0],
                k2=pair[name][1],
                s1=first.domain(domain).commitment,
                s2=second.domain(domain).commitment,
            )
            assert not isinstance(codes, Problem)
        multiply(label_secret, codes[0].element)
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
