"""Reads the seven data files of the law; the shapes are those of the files, nothing is interpreted here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files

import msgspec

from kumihimo.law.model import Affair, Phrase, Revision, Role, Row, Term
from kumihimo.law.procedures import Piece, Procedure, piece_reference

type Reader = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Tables:
    """Everything the data files say, in the order of the statutes."""

    rows: tuple[Row, ...]
    revisions: tuple[Revision, ...]
    table1: tuple[Affair, ...]
    order8: tuple[Affair, ...]
    terms: tuple[Term, ...]
    roles: tuple[Role, ...]
    phrases: tuple[Phrase, ...]
    procedures: tuple[Procedure, ...]


class _Source(msgspec.Struct):
    revisions: tuple[Revision, ...]


class _RowFile(msgspec.Struct):
    source: _Source
    rows: tuple[Row, ...]


class _AffairFile(msgspec.Struct):
    rows: tuple[Affair, ...]


class _TermFile(msgspec.Struct):
    terms: tuple[Term, ...]
    past_terms: tuple[Term, ...]


class _BodyFile(msgspec.Struct):
    roles: tuple[Role, ...]
    phrases: tuple[Phrase, ...]


class _Information(msgspec.Struct):
    no: str | None
    text: str
    rows: tuple[str, ...]
    types: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    basis: str | None = None


class _Step(msgspec.Struct):
    no: str | None
    text: str
    information: tuple[_Information, ...]
    since: date
    lead: str | None = None
    scope: str | None = None


class _Item(msgspec.Struct):
    item: str
    article: str
    inquirer: str
    procedures: tuple[_Step, ...]


class _ProcedureFile(msgspec.Struct):
    items: tuple[_Item, ...]


def package_data(name: str) -> bytes:
    """One data file of the package as bytes, by its name without ``.json``."""
    return files(__package__).joinpath("data", f"{name}.json").read_bytes()


def load(read: Reader = package_data) -> Tables:
    """Decode the data files; a file that does not fit its shape raises ``msgspec.ValidationError``."""
    old = msgspec.json.decode(read("table2-permissions"), type=_RowFile)
    new = msgspec.json.decode(read("order9-permissions"), type=_RowFile)
    bodies = msgspec.json.decode(read("roles"), type=_BodyFile)
    terms = msgspec.json.decode(read("terms"), type=_TermFile)
    return Tables(
        rows=old.rows + new.rows,
        revisions=tuple(r for r in old.source.revisions + new.source.revisions if not r.replaced_same_day_by),
        table1=msgspec.json.decode(read("table1-affairs"), type=_AffairFile).rows,
        order8=msgspec.json.decode(read("order8-affairs"), type=_AffairFile).rows,
        terms=terms.terms + terms.past_terms,
        roles=bodies.roles,
        phrases=bodies.phrases,
        procedures=tuple(_procedures(read("order9-procedures"))),
    )


def _procedures(data: bytes) -> Iterator[Procedure]:
    for item in msgspec.json.decode(data, type=_ProcedureFile).items:
        pieces = {
            (step.no or "") + (info.no or ""): _piece(item.article, step.no, info)
            for step in item.procedures
            for info in step.information
        }
        for step in item.procedures:
            found = [pieces[(step.no or "") + (info.no or "")] for info in step.information]
            yield Procedure(
                item=item.item,
                article=item.article,
                inquirer=item.inquirer,
                no=step.no,
                text=step.text,
                since=step.since,
                pieces=tuple(replace(p, see=tuple(pieces[s].reference for s in p.see)) for p in found),
                lead=step.lead,
                scope=step.scope,
            )


def _piece(article: str, procedure_no: str | None, info: _Information) -> Piece:
    return Piece(
        reference=piece_reference(article, procedure_no, info.no),
        no=info.no,
        text=info.text,
        types=info.types,
        rows=info.rows,
        see=info.see,
        basis=info.basis,
    )
