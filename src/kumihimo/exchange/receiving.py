"""What a receiver does with a stamped delivery: open its box and turn the blinded element into its own code.

The same three steps serve the provider, the ledger and an institution that acquires codes. A conversion
that is not proved, or proved for anything else, is refused: nobody ever gets another person's data by a
fault of conversion.
"""

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import Conversion, Domain, InstitutionCode, receive
from kumihimo.exchange.gates import Accepted, Stamps
from kumihimo.exchange.slip import Box, MalformedError, box_codec, digest
from kumihimo.node import Entry, Institution

TARGET_BOX = b"kumihimo/box/target/1"
LEDGER_BOX = b"kumihimo/box/ledger/1"
ANSWER_BOX = b"kumihimo/box/answer/1"


def open_box(
    institution: Institution, accepted: Accepted, box: bytes, *, info: bytes, named: bytes | None
) -> Box | Problem:
    """Open the box that came with a slip; the signed slip names its digest, so it is no other's."""
    if named is None or digest(box) != named:
        return Problem(ErrorType.MALFORMED, detail="the sealed box is not the one the slip names")
    plain = institution.keys.box.open(box, info=info, aad=accepted.slip.tx)
    if isinstance(plain, Problem):
        return plain
    try:
        content = box_codec.decode(plain)
    except MalformedError:
        return Problem(ErrorType.MALFORMED, detail="the sealed box holds something else")
    if len(content.openings) != len(accepted.slip.codes.rows):
        return Problem(ErrorType.MALFORMED, detail="the sealed box has another number of persons")
    return content


def take_codes(
    institution: Institution, accepted: Accepted, stamps: Stamps, box: Box, *, ledger: bool
) -> tuple[InstitutionCode, ...] | Problem:
    """Verify both conversions and give this institution's own codes for the persons on the slip."""
    directory = institution.directory.current
    own: Entry = directory.entries[institution.settings.id]
    codes = accepted.slip.codes
    epoch = codes.ledger_epoch if ledger else codes.target_epoch
    parts = (
        (stamps.first.ledger, stamps.second.ledger) if ledger else (stamps.first.target, stamps.second.target)
    )
    points = own.commitment(1, epoch), own.commitment(2, epoch)
    if parts[0] is None or parts[1] is None:
        return Problem(ErrorType.STAMP_INVALID, detail="the stamps carry no conversion for this desk")
    if points[0] is None or points[1] is None:
        return Problem(ErrorType.CODE_EPOCH_RETIRED, detail="the code epoch on the slip is retired")
    return receive(
        tx=accepted.slip.tx,
        source=accepted.source_domain,
        target=Domain(own.domain, epoch),
        d1=codes.d1,
        d2=codes.d2,
        rows=[(row.x0, row.cb) for row in codes.rows],
        openings=[(opening.b, opening.r) for opening in box.openings],
        first=Conversion(parts[0].xs, parts[0].proof),
        second=Conversion(parts[1].xs, parts[1].proof),
        k1=institution.keys.pair[1],
        k2=institution.keys.pair[2],
        s1=points[0].element,
        s2=points[1].element,
    )
