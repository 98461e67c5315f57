"""Who a phrase of the law means, and how far an institution answers to it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kumihimo.law.model import Party, Phrase, Role

NOT, ALMOST, FULLY = 0, 1, 2
"""Grades of a party under a phrase: not meant; of the right role but the qualification not shown; meant."""


@dataclass(frozen=True, slots=True)
class Qualification:
    """Words that narrow who is meant, which no register of roles can decide (``id``: ``q-`` + 12 hex)."""

    id: str
    text: str
    phrases: tuple[str, ...]


def qualification_id(text: str) -> str:
    """The short name of a qualification that stays the same as long as its words do."""
    return "q-" + hashlib.sha256(text.encode()).hexdigest()[:12]


class Bodies:
    """The roles and phrases of the law, and the grade of any party under every phrase."""

    def __init__(self, roles: Iterable[Role], phrases: Iterable[Phrase]) -> None:
        self.roles: Mapping[str, Role] = {role.id: role for role in roles}
        self.phrases: Mapping[str, Phrase] = {phrase.phrase: phrase for phrase in phrases}
        self.number = {phrase: place for place, phrase in enumerate(self.phrases)}
        self._by_name = {role.name: role.id for role in self.roles.values()}
        self.qualifications = _qualifications(self.phrases.values())
        self._text_of = {q.id: q.text for q in self.qualifications}
        self._wider = {role: self._closure(role) for role in self.roles}

    def named(self, text: str, qualifications: Iterable[str] = ()) -> Party:
        """The party a request means by a role id, a phrase of the table, or the Japanese name of a role.

        Words the law does not know give a party that no row means.
        """
        shown = frozenset(qualifications)
        if text in self.roles:
            return Party(frozenset({text}), shown)
        if text in self.phrases:
            return Party(frozenset(), shown | {text})
        return Party(frozenset({self._by_name.get(text, text)}), shown)

    def grades(self, party: Party) -> bytes:
        """One grade per phrase, at the phrase's ``number``: does the phrase mean this party?"""
        shown = frozenset(self._text_of.get(q, q) for q in party.qualifications)
        wider = frozenset[str]().union(*(self._wider.get(role, ()) for role in party.roles))
        best = self._by_role(wider, shown)
        for text in shown & self.phrases.keys():
            best = bytes(map(max, best, self._described(self.phrases[text], shown)))
        return best

    def _by_role(self, wider: frozenset[str], shown: frozenset[str]) -> bytes:
        return bytes(
            NOT
            if wider.isdisjoint(phrase.any_of)
            else FULLY
            if phrase.qualification is None or phrase.qualification in shown
            else ALMOST
            for phrase in self.phrases.values()
        )

    def _described(self, described: Phrase, shown: frozenset[str]) -> bytes:
        """Grades of a body of which we know only that this phrase describes it.

        It may be any of the bodies the phrase means, so another phrase means it for certain only if it means
        every one of them. What is not resolved mechanically stands for nothing but itself.
        """
        grades = bytes(len(self.phrases))
        if described.mechanical:
            shown = shown | {described.restriction} if described.restriction else shown
            each = [self._by_role(self._wider[role], shown) for role in described.any_of]
            grades = bytes(map(min, *each)) if len(each) > 1 else each[0]
        here = self.number[described.phrase]
        return grades[:here] + bytes((FULLY,)) + grades[here + 1 :]

    def _closure(self, role: str) -> frozenset[str]:
        found: set[str] = set()
        here: str | None = role
        while here is not None and here not in found:
            found.add(here)
            here = self.roles[here].is_a
        return frozenset(found)


def _qualifications(phrases: Iterable[Phrase]) -> tuple[Qualification, ...]:
    uses: dict[str, list[str]] = {}
    for phrase in phrases:
        if phrase.qualification is not None:
            uses.setdefault(phrase.qualification, []).append(phrase.phrase)
    return tuple(Qualification(qualification_id(text), text, tuple(where)) for text, where in uses.items())
