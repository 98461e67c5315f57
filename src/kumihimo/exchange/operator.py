"""An operator's desk: permit, convert blindly, record, stamp.

The operator learns who asks whom under which row of law and when. It sees no person and no code: every
element it touches is blinded by a scalar it does not know (`docs/protocols/codes.md`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kumihimo.base import ErrorType, Problem
from kumihimo.codes import ROOT, Domain, Leg, OperatorKey, OperatorNumber, convert_each
from kumihimo.exchange.envelopes import StampRequest, stamp_request
from kumihimo.exchange.gates import Accepted, Rules, check_slip, check_stamp, needs_ledger
from kumihimo.exchange.slip import VERSION, Converted, Place, Signed, Slip, Stamp, entry_of, stamp_codec
from kumihimo.exchange.store import Recorded, Refusal, StampJob, recall_stamp
from kumihimo.exchange.writes import Writes
from kumihimo.messages import jws
from kumihimo.node import Entry, Institution, log_origin


@dataclass(slots=True)
class Operator:
    """One of the two operators: its number, its secret, and the keys it shares with each institution."""

    number: OperatorNumber
    key: OperatorKey
    peers: Mapping[str, bytes]
    institution: Institution
    rules: Rules
    writes: Writes

    async def stamp(self, body: bytes, sender: Entry | None) -> Signed | Problem:
        """Stamp a slip, or refuse it; the same slip brought again gets the same stamp."""
        request = stamp_request.read(body)
        if isinstance(request, Problem):
            return request
        directory = self.institution.directory.current
        now = self.institution.clock()
        accepted = check_slip(request.slip, sender=sender, directory=directory, rules=self.rules, now=now)
        if isinstance(accepted, Problem):
            return await self._refuse(request.slip, sender, accepted)
        first = self._first_stamp(request, accepted)
        if isinstance(first, Problem):
            return await self._refuse(request.slip, sender, first)
        converted = self._convert(accepted, first)
        if isinstance(converted, Problem):
            return await self._refuse(request.slip, sender, converted)
        draft = Draft(accepted, *converted, int(now.timestamp() * 1000))
        stamped = await self.writes.stamp(self._job(draft))
        if isinstance(stamped, Problem):
            return await self._refuse(request.slip, sender, stamped)
        return stamped

    def _first_stamp(self, request: StampRequest, accepted: Accepted) -> Stamp | Problem | None:
        if self.number == 1:
            return None
        if request.first is None:
            return Problem(ErrorType.STAMP_INVALID, detail="the first operator's stamp is missing")
        return check_stamp(request.first, 1, accepted, self.institution.directory.current)

    def _convert(
        self, accepted: Accepted, first: Stamp | None
    ) -> tuple[Converted, Converted | None] | Problem:
        slip, source = accepted.slip, accepted.source_domain
        if source != ROOT and not accepted.inquirer.commitment(self.number, source.epoch):
            return _retired()
        x0s = tuple(row.x0 for row in slip.codes.rows)
        legs = [self._leg(accepted.target, accepted.target_domain.epoch, first.target.xs if first else x0s)]
        if needs_ledger(accepted):
            ledger = self.institution.directory.current.service("ledger")
            xs = first.ledger.xs if first and first.ledger else x0s
            legs.append(self._leg(ledger, slip.codes.ledger_epoch, xs))
        known = [leg for leg in legs if leg is not None]
        if len(known) < len(legs):
            return _retired()
        done = convert_each(
            number=self.number,
            tx=slip.tx,
            source=source,
            d=slip.codes.d1 if self.number == 1 else slip.codes.d2,
            source_key=self.key.domain(source),
            k_source=self.peers[accepted.inquirer.id],
            legs=known,
        )
        if isinstance(done, Problem):
            return done
        converted = [Converted(xs=one.xs, proof=one.proof) for one in done]
        return converted[0], converted[1] if len(converted) > 1 else None

    def _leg(self, target: Entry, epoch: int, xs: tuple[bytes, ...]) -> Leg | None:
        """The way to one target, if its code epoch is still in the directory."""
        if not target.commitment(self.number, epoch):
            return None
        domain = Domain(target.domain, epoch)
        return Leg(domain, self.key.domain(domain), self.peers[target.id], xs)

    def _job(self, draft: "Draft") -> StampJob:
        accepted = draft.accepted

        def seal(index: int) -> Signed:
            place = Place(origin=log_origin(self.institution.settings.id), index=index)
            body = stamp_codec.encode(draft.stamp(self.number, place))
            return Signed(
                body=body,
                jws=jws.sign_detached(body, self.institution.keys.sign, self.institution.settings.id),
            )

        return StampJob(
            Recorded(accepted.slip.tx, accepted.digest, accepted.inquirer.id),
            entry_of(accepted.slip, accepted.commit),
            seal,
        )

    async def _refuse(self, signed: Signed, sender: Entry | None, problem: Problem) -> Signed | Problem:
        """Leave a trace of the refusal that names no person; an expired slip may still be a retry."""
        if problem.type is ErrorType.EXPIRED and sender is not None:
            async with self.institution.db.read() as conn:
                stored = await recall_stamp(conn, Recorded.of(signed, sender.id))
            if stored is not None:
                return stored
        if sender is not None:
            await self.writes.refusal(Refusal.of(signed, sender.id, problem))
        return problem


@dataclass(frozen=True, slots=True)
class Draft:
    """A stamp before it has its place in the log."""

    accepted: Accepted
    target: Converted
    ledger: Converted | None
    time: int

    def stamp(self, number: int, place: Place) -> Stamp:
        """The stamp with its place in the log, ready to be signed."""
        slip: Slip = self.accepted.slip
        return Stamp(
            v=VERSION,
            operator=number,
            slip=self.accepted.digest,
            tx=slip.tx,
            row=slip.basis.permission,
            snapshot=slip.basis.snapshot,
            target=self.target,
            ledger=self.ledger,
            commit=self.accepted.commit,
            log=place,
            time=self.time,
        )


def _retired() -> Problem:
    return Problem(ErrorType.CODE_EPOCH_RETIRED, detail="the code epoch is not in the directory")
