"""The papers of a finished exchange, opened from the inquirer's own store and checked again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kumihimo.base import Problem
from kumihimo.cli.running import Running
from kumihimo.exchange import (
    Answer,
    Evidence,
    Papers,
    Receipt,
    Signed,
    Slip,
    Stamp,
    answer_codec,
    commitment,
    evidence_form,
    papers_form,
    receipt_codec,
    slip_codec,
    stamp_codec,
)
from kumihimo.law import law
from kumihimo.messages import jws


class NoEvidenceError(Exception):
    """The inquirer keeps no readable papers of this exchange."""


@dataclass(frozen=True, slots=True)
class Kept:
    """All papers of one exchange, as the inquirer keeps them, read."""

    papers: Evidence
    slip: Slip
    first: Stamp
    second: Stamp
    receipt: Receipt | None
    answer: Answer

    @property
    def commit(self) -> bytes:
        """The one value that all logs of the exchange share."""
        return commitment(self.slip, self.papers.slip.body)

    def signed(self, nation: Running) -> Iterator[tuple[str, Signed]]:
        """Each paper with the institution that must have signed it."""
        services = {name: entry.id for entry in nation.directory.values() for name in entry.services}
        yield self.slip.sender.institution, self.papers.slip
        yield services["operator-1"], self.papers.first
        yield services["operator-2"], self.papers.second
        if self.papers.receipt is not None:
            yield services["ledger"], self.papers.receipt
        yield self.slip.to, self.papers.answer

    def signers(self, nation: Running) -> Mapping[str, bool]:
        """Who signed, and whether the signature still holds under the directory's keys."""
        return {signer: _holds(nation, signer, paper) for signer, paper in self.signed(nation)}

    def timeline(self) -> tuple[tuple[str, int], ...]:
        """The desks in the order of the slip's way, with the Unix milliseconds each wrote down."""
        stops = [(self.slip.sender.institution, self.slip.time)]
        stops += [("operator-1", self.first.time), ("operator-2", self.second.time)]
        stops += [("ledger", self.receipt.time)] if self.receipt else []
        return (*stops, (self.slip.to, self.answer.time))

    def document(self, nation: Running) -> Mapping[str, object]:
        """The evidence for machines: every value needed to find the exchange again, no person."""
        row = law().row(self.slip.basis.permission)
        return {
            "tx": self.slip.tx.hex(),
            "commit": self.commit.hex(),
            "permission": self.slip.basis.permission,
            "citation": row.citation if row else "",
            "snapshot": self.slip.basis.snapshot,
            "piece": self.slip.basis.piece,
            "logs": {stamp.log.origin: stamp.log.index for stamp in (self.first, self.second)},
            "receipt": self.receipt is not None,
            "signatures": self.signers(nation),
            "times": dict(self.timeline()),
        }


def _holds(nation: Running, signer: str, paper: Signed) -> bool:
    key = nation.directory[signer].sign_key
    return not isinstance(jws.verify_detached(paper.body, paper.jws, {signer: key}.get), Problem)


async def read_papers(nation: Running, inquirer: str, tx: str) -> Papers:
    """The slip and its boxes as they left the inquirer's house; raises NoEvidenceError."""
    papers = papers_form.read(await _open(nation, inquirer, tx, "papers"))
    if isinstance(papers, Problem):
        raise NoEvidenceError(papers.detail)
    return papers


async def read_kept(nation: Running, inquirer: str, tx: str) -> Kept:
    """The evidence of an answered exchange; raises NoEvidenceError."""
    evidence = evidence_form.read(await _open(nation, inquirer, tx, "evidence"))
    if isinstance(evidence, Problem):
        raise NoEvidenceError(evidence.detail)
    return Kept(
        papers=evidence,
        slip=slip_codec.decode(evidence.slip.body),
        first=stamp_codec.decode(evidence.first.body),
        second=stamp_codec.decode(evidence.second.body),
        receipt=receipt_codec.decode(evidence.receipt.body) if evidence.receipt else None,
        answer=answer_codec.decode(evidence.answer.body),
    )


async def _open(nation: Running, inquirer: str, tx: str, column: str) -> bytes:
    key = bytes.fromhex(tx)
    rows = await nation.rows(inquirer, "SELECT papers, evidence FROM exchange.inquiry WHERE tx = $1", key)
    if not rows or rows[0][column] is None:
        raise NoEvidenceError(f"{inquirer} keeps no {column} of this exchange")
    plain = nation.keys(inquirer).vault.open(bytes(rows[0][column]), key)
    if isinstance(plain, Problem):
        raise NoEvidenceError(plain.detail)
    return plain
