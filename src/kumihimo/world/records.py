"""What the filling of a register works with: one office's view of the population, and rows of its tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from kumihimo.base import age_on
from kumihimo.world.residents import Household, Person, Population

type Row = tuple[object, ...]
type Table = tuple[tuple[str, ...], list[Row]]
type Tables = Mapping[str, Table]


def table(columns: str, rows: Iterable[Row]) -> Table:
    """Rows of one table under their column names, as PostgreSQL's COPY wants them."""
    return tuple(columns.split()), list(rows)


@dataclass(frozen=True, slots=True)
class Filing:
    """One institution filling its register: whom it knows, by which of its own addressee numbers."""

    id: str
    population: Population
    subjects: Mapping[int, str]
    known: tuple[Person, ...]

    @property
    def day(self) -> date:
        """The day the registers are filled as of."""
        return self.population.on

    def rng(self, key: object) -> Random:
        """Chance for one purpose at one institution: the same again next time, unlike anybody else's."""
        return Random(f"{self.population.seed}/{self.id}/{key}")  # noqa: S311 - reproducible people, no secret

    def serials(self, key: str, digits: int, count: int) -> list[str]:
        """Distinct numbers of this institution's own making, drawn apart from those of all others."""
        return [f"{number:0{digits}d}" for number in self.rng(key).sample(range(10**digits), count)]

    def subject(self, person: Person) -> str:
        """The person's integrated addressee number at this institution."""
        return self.subjects[person.index]

    def age(self, person: Person) -> int:
        """The person's age on the day of filling."""
        return age_on(person.birth, self.day)

    def homes(self) -> list[Household]:
        """The households of those known here, each once."""
        return [self.population.households[index] for index in sorted({p.household for p in self.known})]


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def month_after(day: date, months: int = 1) -> date:
    """The first day of the month so many months after a day's own."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def months_between(since: date, until: date) -> int:
    """Whole calendar months from one day's month up to, not including, the other's."""
    return max(0, (until.year - since.year) * 12 + until.month - since.month)


def treatments(filing: Filing, people: Iterable[Person], copayment: Mapping[int, int]) -> Iterable[Row]:
    """Months of medical treatment in the year and a half before, with the share of insurer and patient."""
    for person in people:
        rng = filing.rng(f"treatment/{person.index}")
        for back in sorted(rng.sample(range(18), rng.choice((0, 0, 1, 2, 3, 5)))):
            total = min(int(rng.lognormvariate(9.8, 1.3)) // 10 * 10, 3_000_000) + 1_000
            share = total * copayment[person.index] // 100
            high_cost = max(0, share - 57_600)
            month = month_after(filing.day, -1 - back)
            if month >= month_after(person.birth):
                yield filing.subject(person), month, total - share, share, high_cost
