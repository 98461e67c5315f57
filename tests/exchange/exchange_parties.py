"""Everybody an exchange needs, in memory: keys, directory, codes, and builders for valid papers.

`Writer` makes slips from keys and a directory, whoever holds them; `Network` is a small nation of its own
with both operators, the ledger, numbering, the disclosure system and some institutions.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from types import SimpleNamespace

from kumihimo.base import JST, Secret
from kumihimo.codes import (
    GENERATOR,
    ROOT,
    Domain,
    InstitutionCode,
    Leg,
    OperatorKey,
    Request,
    convert_each,
    multiply,
    person_element,
    request,
)
from kumihimo.exchange import (
    ACQUIRE_RIGHT,
    DISCLOSE_RIGHT,
    LEDGER_BOX,
    OWN_RECORDS,
    TARGET_BOX,
    Accepted,
    Basis,
    Box,
    Conditions,
    Opening,
    Receipt,
    Rules,
    Sealed,
    Sender,
    Signed,
    Slip,
    Verb,
    box_codec,
    check_slip,
    code_header,
    digest,
    layouts,
    receipt_codec,
    slip_codec,
    stamp_codec,
)
from kumihimo.exchange.slip import Converted, Place, Stamp
from kumihimo.law import law
from kumihimo.log import NoteSigner
from kumihimo.messages import BoxKey, SigningKey, Vault, boxes, jws
from kumihimo.node import Assessment, Commitment, Directory, Entry, Keys, Oversight, log_origin
from kumihimo.world import Case, cases

NOW = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)
CITY, OTHER_CITY, PENSION = "muni-131016", "muni-271004", "nenkin"
PENSIONS = "年金給付関係情報"
MEMBERS = ("digital", "jlis", "ledger", "numbering", "portal", CITY, OTHER_CITY, PENSION)


@dataclass(frozen=True)
class Papers:
    """A slip as its inquirer keeps it, with what only the inquirer knows."""

    slip: Slip
    signed: Signed
    blinded: Request
    target_box: bytes
    ledger_box: bytes


@dataclass
class Writer:
    """Writes slips in anybody's name."""

    keys: Mapping[str, Keys]
    directory: Directory
    rules: Rules = field(default_factory=lambda: Rules(law(), layouts()))

    def question(self, inquirer: str, target: str, information: str, on: date) -> Case:
        """The first lawful question between two institutions."""
        entries = self.directory.entries
        return next(cases(law(), layouts(), entries[inquirer], entries[target], information, on))

    def sign(self, institution: str, body: bytes) -> Signed:
        return Signed(body=body, jws=jws.sign_detached(body, self.keys[institution].sign, institution))

    def papers(
        self,
        code: InstitutionCode,
        question: Case,
        *,
        inquirer: str = CITY,
        to: str = PENSION,
        at: datetime = NOW,
        conditions: Conditions | None = None,
        **changes: object,
    ) -> Papers:
        """A valid slip with its boxes; `changes` replace members of the slip before it is signed."""
        own, target, keys = self.directory.entries[inquirer], self.directory.entries[to], self.keys[inquirer]
        ledger = self.directory.service("ledger")
        now = int(at.timestamp() * 1000)
        tx = changes.get("tx", os.urandom(16))
        assert isinstance(tx, bytes)
        points = own.commitment(1, own.epoch), own.commitment(2, own.epoch)
        root = changes.get("kind") is Verb.ACQUIRE
        assert points[0] and points[1]
        blinded = request(
            [code],
            tx=tx,
            k1=keys.pair[1],
            k2=keys.pair[2],
            s1=GENERATOR if root else points[0].element,
            s2=GENERATOR if root else points[1].element,
        )
        opening = (Opening(b=blinded.rows[0].b, r=blinded.rows[0].r),)
        references = ("100000000000000",) if root else ()
        box = Box(openings=opening, conditions=conditions or Conditions(), references=references)
        target_box = boxes.seal(target.box_public, box_codec.encode(box), info=TARGET_BOX, aad=tx)
        plain = box_codec.encode(Box(openings=opening, conditions=Conditions()))
        ledger_box = boxes.seal(ledger.box_public, plain, info=LEDGER_BOX, aad=tx)
        slip = Slip(
            v=1,
            kind=Verb.INQUIRE,
            tx=tx,
            salt=os.urandom(16),
            sender=Sender(institution=inquirer, office="子育て支援課", operator="desk-7"),
            to=to,
            basis=Basis(
                permission=question.permission,
                snapshot=law().snapshot(at.astimezone(JST).date()).hash,
                piece=question.piece,
            ),
            information=question.information,
            items=question.items,
            layout=1,
            case="case-1",
            time=now,
            expires=now + 60_000,
            codes=code_header(blinded, ROOT.epoch if root else own.epoch, target, ledger),
            sealed=Sealed(target=digest(target_box), ledger=digest(ledger_box)),
            mark=None,
        )
        slip = replace(slip, **changes)
        return Papers(slip, self.sign(inquirer, slip_codec.encode(slip)), blinded, target_box, ledger_box)


@dataclass
class Network(Writer):
    """A nation in memory; codes of persons are computed from both operators' secrets at once."""

    operators: Mapping[int, OperatorKey] = field(default_factory=dict)

    def code(self, rho: bytes, institution: str) -> InstitutionCode:
        entry = self.directory.entries[institution]
        element = person_element(rho).element
        for key in self.operators.values():
            element = multiply(key.domain(Domain(entry.domain, entry.epoch)).scalar.reveal(), element)
        return InstitutionCode(element)

    def ask(self, rho: bytes | None = None, **changes: object) -> Papers:
        """A lawful question of the city to the pension service about a person."""
        inquirer = str(changes.get("inquirer", CITY))
        question = self.question(CITY, PENSION, PENSIONS, NOW.date())
        return self.papers(self.code(rho or os.urandom(32), inquirer), question, **changes)

    def delivery_of_codes(self, rho: bytes, to: str = CITY, **changes: object) -> Papers:
        """A slip of numbering that lets an institution have its code of a person."""
        question = Case(ACQUIRE_RIGHT, "情報提供用個人識別符号", None, ())
        given = {"kind": Verb.ACQUIRE, "inquirer": "numbering", "to": to, **changes}
        return self.papers(person_element(rho), question, **given)

    def look_at_own_records(self, rho: bytes, **changes: object) -> Papers:
        """The disclosure system's slip to the ledger."""
        question = Case(DISCLOSE_RIGHT, OWN_RECORDS, None, ("records",))
        given = {"inquirer": "portal", "to": "ledger", **changes}
        return self.papers(self.code(rho, str(given["inquirer"])), question, **given)

    def check(self, papers: Papers | Signed, *, directory: Directory | None = None, **more: object):
        signed = papers.signed if isinstance(papers, Papers) else papers
        given = {"sender": None, "rules": self.rules, "now": NOW, **more}
        return check_slip(signed, directory=directory or self.directory, **given)

    def accepted(self, papers: Papers) -> Accepted:
        accepted = self.check(papers)
        assert isinstance(accepted, Accepted), accepted
        return accepted

    def convert(self, number: int, papers: Papers, before: Stamp | None) -> list[Converted]:
        """What operator `number` makes of a slip's codes: for its target, and for the ledger."""
        slip, key = papers.slip, self.operators[number]
        accepted = self.accepted(papers)
        x0s = tuple(row.x0 for row in slip.codes.rows)
        targets = [(self.directory.entries[slip.to], before.target.xs if before else x0s)]
        if slip.kind is Verb.INQUIRE and slip.to != "ledger":
            xs = before.ledger.xs if before and before.ledger else x0s
            targets.append((self.directory.entries["ledger"], xs))
        source = accepted.source_domain
        done = convert_each(
            number=number,
            tx=slip.tx,
            source=source,
            d=slip.codes.d1 if number == 1 else slip.codes.d2,
            source_key=key.domain(source),
            k_source=self.keys[slip.sender.institution].pair[number],
            legs=[
                Leg(
                    Domain(entry.domain, entry.epoch),
                    key.domain(Domain(entry.domain, entry.epoch)),
                    self.keys[entry.id].pair[number],
                    xs,
                )
                for entry, xs in targets
            ],
        )
        assert isinstance(done, tuple), done
        return [Converted(xs=one.xs, proof=one.proof) for one in done]

    def stamp(
        self, number: int, papers: Papers, before: Signed | None = None, *, by: str = "", **changes: object
    ) -> Signed:
        """A valid stamp; `changes` replace members before operator (or `by`) signs it."""
        first = stamp_codec.decode(before.body) if before else None
        done = self.convert(number, papers, first)
        stamp = Stamp(
            v=1,
            operator=number,
            slip=digest(papers.signed.body),
            tx=papers.slip.tx,
            row=papers.slip.basis.permission,
            snapshot=papers.slip.basis.snapshot,
            target=done[0],
            ledger=done[1] if len(done) > 1 else None,
            commit=self.accepted(papers).commit,
            log=Place(origin=log_origin(("digital", "jlis")[number - 1]), index=7),
            time=papers.slip.time,
        )
        return self.sign(by or ("digital", "jlis")[number - 1], stamp_codec.encode(replace(stamp, **changes)))

    def stamps(self, papers: Papers) -> tuple[Signed, Signed]:
        first = self.stamp(1, papers)
        return first, self.stamp(2, papers, first)

    def receipt(self, papers: Papers, *, by: str = "ledger", **changes: object) -> Signed:
        receipt = Receipt(
            v=1,
            slip=digest(papers.signed.body),
            tx=papers.slip.tx,
            commit=self.accepted(papers).commit,
            time=papers.slip.time,
        )
        return self.sign(by, receipt_codec.encode(replace(receipt, **changes)))

    def desk(self, institution: str, *, now: datetime = NOW, directory: Directory | None = None):
        """What a desk looks at of its institution."""
        return SimpleNamespace(
            settings=SimpleNamespace(id=institution),
            keys=self.keys[institution],
            directory=SimpleNamespace(current=directory or self.directory),
            clock=lambda: now,
        )

    def overseen(self, **changes: object) -> Directory:
        """The directory under another statement of the commission."""
        return replace(self.directory, oversight=replace(self.directory.oversight, **changes))

    def assessed(self, institution: str, assessment: Assessment | None) -> Directory:
        known = dict(self.directory.oversight.assessments)
        del known[institution]
        return self.overseen(assessments=known | ({institution: assessment} if assessment else {}))


@cache
def network() -> Network:
    """One small nation for all tests that change nothing of it."""
    pair = {name: {1: os.urandom(32), 2: os.urandom(32)} for name in MEMBERS}
    keys = {
        name: Keys(
            sign=SigningKey.generate(),
            box=BoxKey.generate(),
            vault=Vault(os.urandom(32)),
            note=NoteSigner(log_origin(name), Secret(os.urandom(32))),
            pair=pair[name],
            peers={other: pair[other][1 if name == "digital" else 2] for other in MEMBERS},
            operator=None,
        )
        for name in MEMBERS
    }
    operators = {1: OperatorKey(1, Secret(os.urandom(32))), 2: OperatorKey(2, Secret(os.urandom(32)))}
    day = NOW.date()
    assessment = Assessment(day - timedelta(days=100), day + timedelta(days=900))
    directory = Directory(
        serial=1,
        issued=NOW,
        expires=NOW + timedelta(days=30),
        entries={name: _entry(name, keys[name], operators) for name in MEMBERS},
        oversight=Oversight(serial=1, issued=NOW, assessments=dict.fromkeys(MEMBERS, assessment)),
    )
    return Network(keys=keys, directory=directory, operators=operators)


def _entry(name: str, keys: Keys, operators: Mapping[int, OperatorKey]) -> Entry:
    file = resources.files("kumihimo.world") / "institutions" / f"{name}.toml"
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    points = {number: key.domain(Domain(told["domain"], 0)) for number, key in operators.items()}
    return Entry(
        id=name,
        name=told["name"],
        name_en=told["name_en"],
        number=told["number"],
        domain=told["domain"],
        epoch=0,
        body=told["body"],
        base_url=f"http://127.0.0.1:1/{name}",
        sign_key=keys.sign.verify_key,
        box_public=keys.box.public,
        roles=tuple(told["roles"]),
        qualifications=tuple(told["qualifications"]),
        commitments={n: (Commitment(0, one.commitment, one.possession),) for n, one in points.items()},
        services=tuple(told.get("services", ())),
        codes_from=tuple(told.get("codes_from", ())),
    )
