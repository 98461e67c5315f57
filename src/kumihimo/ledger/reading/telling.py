"""An event of the ledger in the words of its page: who, for what, what about, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from kumihimo.base import Problem
from kumihimo.exchange import Rules, plain
from kumihimo.law import Law, Procedure
from kumihimo.ledger.model import Entry
from kumihimo.ledger.reading.history import State, Story
from kumihimo.ledger.reading.progress import ToldCorrection, told_correction
from kumihimo.ledger.reading.purposes import programme, step, subject
from kumihimo.node import Entry as Institution
from kumihimo.node.pages import Words, problem_of

_STATES: Mapping[State, Words] = {
    State.PROVIDED: Words("情報が提供されました", "Provided"),
    State.REFUSED: Words("提供されませんでした", "Not provided"),
    State.PENDING: Words("相手の職員が確認中です", "A person must approve"),
    State.OPEN: Words("結果の連絡を待っています", "Outcome not known yet"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One event in plain words; the words of the law stand beside them."""

    story: Story
    when: int
    sentence: Words
    who: Words
    whom: Words
    office: str
    programme: Words
    step: str
    information: Words
    items: tuple[Words, ...]
    ending: Words
    reason: Problem | None
    affair: str
    citation: str
    procedure: str
    piece: str
    ground: str
    corrections: tuple[ToldCorrection, ...]

    @property
    def tx(self) -> str:
        """The name of the event."""
        return self.story.asked.tx

    @property
    def state(self) -> str:
        """How it ended, as a word for machines."""
        return self.story.state.value


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells events in the words of this law, these layouts and this directory."""

    rules: Rules
    entries: Mapping[str, Institution]

    def tell(self, story: Story) -> Told:
        """One event of others in plain words."""
        entry = story.asked
        law, row = self.rules.law, self.rules.law.row(entry.permission)
        layout, title = self.rules.layouts.latest(entry.information), self.title(entry.information)
        procedure, piece = _named(law, entry.piece)
        labels = layout.items if layout else {}
        purpose = programme(row.affair if row else "")
        return Told(
            story=story,
            when=entry.time,
            sentence=self._sentence(entry, purpose, title),
            who=self.party(entry.inquirer),
            whom=self.party(entry.provider),
            office=entry.office,
            programme=purpose,
            step=step(procedure.text) if procedure else "",
            information=title,
            items=tuple(
                Words(labels[key].label, labels[key].label_en) if key in labels else Words(key, key)
                for key in entry.items
            ),
            ending=self.ending(story.state),
            reason=problem_of(story.outcome.reason) if story.outcome else None,
            affair=plain(row.affair) if row else "",
            citation=f"番号法第19条第8号・{row.citation}" if row else entry.permission,
            procedure=plain(procedure.text) if procedure else "",
            piece=piece,
            ground=entry.ground or "",
            corrections=tuple(told_correction(one, self.party) for one in story.corrections),
        )

    def party(self, institution: str) -> Words:
        """An institution by name; by its id when the directory no longer has it."""
        entry = self.entries.get(institution)
        return Words(entry.name, entry.name_en) if entry else Words(institution, institution)

    def title(self, information: str) -> Words:
        """The name of a kind of information."""
        layout = self.rules.layouts.latest(information)
        return Words(information, layout.title_en if layout else information)

    @staticmethod
    def ending(state: State) -> Words:
        """How an event ended, in words."""
        return _STATES[state]

    def _sentence(self, entry: Entry, purpose: Words, title: Words) -> Words:
        who, whom = self.party(entry.inquirer), self.party(entry.provider)
        about = subject(entry.information)
        what = f"あなたの「{about}」の情報" if about else "あなたの情報"
        return Words(
            f"{who.ja}が、{purpose.ja}の手続のために、{what}を、{whom.ja}に照会しました",
            f"{who.en} asked {whom.en} about you ({title.en}), for {purpose.en}",
        )


def _named(law: Law, reference: str | None) -> tuple[Procedure | None, str]:
    return _pieces(law).get(reference or "", (None, ""))


@cache
def _pieces(law: Law) -> Mapping[str, tuple[Procedure, str]]:
    """Every piece of every procedure by its reference."""
    return {
        piece.reference: (procedure, plain(piece.text))
        for procedure in law.procedures()
        for piece in procedure.pieces
    }
