"""What a synthetic resident and a synthetic household are made of. Values only; amounts in yen a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kumihimo.base import IndividualNumber, ResidentCode


class Sex(StrEnum):
    """Sex as the resident record states it (住基法7条3号)."""

    MALE = "male"
    FEMALE = "female"


class Occupation(StrEnum):
    """What a resident lives by, as far as the registers of this nation need to know."""

    EMPLOYEE = "employee"
    SELF_EMPLOYED = "self-employed"
    JOBSEEKER = "jobseeker"
    STUDENT = "student"
    NONE = "none"


class Insurance(StrEnum):
    """Which medical insurance covers a resident."""

    ASSOCIATION = "association"  # 全国健康保険協会, as an employee
    DEPENDANT = "dependant"  # the same, as an employee's dependant
    MUNICIPAL = "municipal"  # 国民健康保険 of the municipality
    ELDERLY = "elderly"  # 後期高齢者医療, from 75; its wide-area union is not part of the miniature
    NONE = "none"  # public assistance pays instead


class Certificate(StrEnum):
    """Kinds of disability certificate (障害者手帳)."""

    PHYSICAL = "physical"
    INTELLECTUAL = "intellectual"
    MENTAL = "mental"


@dataclass(frozen=True, slots=True)
class Work:
    """How a resident earned money in the last calendar year and since when for whom."""

    occupation: Occupation
    employer: str | None = None
    since: date | None = None
    salary: int = 0
    business: int = 0
    left_on: date | None = None  # a jobseeker's last day of employment


@dataclass(frozen=True, slots=True)
class Pension:
    """A pension in payment: old age or disability, its basic and its earnings-related part."""

    disability_grade: int | None
    since: date
    basic: int
    earnings: int

    @property
    def total(self) -> int:
        """Both parts together, yen a year."""
        return self.basic + self.earnings


@dataclass(frozen=True, slots=True)
class Disability:
    """A disability certificate a resident holds: kind, grade (1 the gravest), day of issue."""

    kind: Certificate
    grade: int
    issued: date


@dataclass(frozen=True, slots=True)
class Account:
    """A benefit account (公金受取口座) at a bank that does not exist, in the resident's own name."""

    bank_code: str
    bank: str
    branch_code: str
    branch: str
    number: str
    holder_kana: str
    registered: date


@dataclass(frozen=True, slots=True)
class Residence:
    """A foreign resident's standing: nationality, status of residence, alias (通称) if one is registered."""

    nationality: str
    status: str
    alias: str | None


@dataclass(frozen=True, slots=True)
class FamilyRegister:
    """A national's family register (戸籍): where it is kept, its head, the parents, the marriage."""

    domicile: str
    head: str
    father: str
    mother: str
    position: str
    married_on: date | None
    divorced_on: date | None


@dataclass(frozen=True, slots=True)
class Person:
    """One synthetic resident. `index` is the place in the population; kin are named by their index."""

    index: int
    number: IndividualNumber
    resident_code: ResidentCode
    family_name: str
    given_name: str
    family_kana: str
    given_kana: str
    birth: date
    sex: Sex
    household: int
    relation: str
    father: int | None
    mother: int | None
    spouse: int | None
    register: FamilyRegister | None
    residence: Residence | None
    work: Work
    pension: Pension | None
    insurance: Insurance
    insured_by: int | None
    disability: Disability | None
    account: Account | None
    protected: bool

    @property
    def name(self) -> str:
        """The name as registers write it, family name first, with an ideographic space."""
        return f"{self.family_name}\u3000{self.given_name}"

    @property
    def kana(self) -> str:
        """The phonetic reading (振り仮名) of the name."""
        return f"{self.family_kana}\u3000{self.given_kana}"


@dataclass(frozen=True, slots=True)
class Move:
    """A household's move in from another municipality of the nation: the day, and where from."""

    day: date
    municipality: str
    address: str


@dataclass(frozen=True, slots=True)
class Household:
    """A household (世帯): its members, householder first, and where they live since when."""

    index: int
    municipality: str
    address: str
    since: date
    members: tuple[int, ...]
    move: Move | None
    assisted_since: date | None


@dataclass(frozen=True, slots=True)
class Population:
    """All residents and households of a nation in miniature as they stand on one day."""

    seed: int
    on: date
    persons: tuple[Person, ...]
    households: tuple[Household, ...]

    def home(self, person: Person) -> Household:
        """The household a person lives in."""
        return self.households[person.household]

    def kin(self, person: Person) -> tuple[Person, ...]:
        """The members of a person's household, the householder first."""
        return tuple(self.persons[index] for index in self.home(person).members)

    def children(self, person: Person) -> tuple[Person, ...]:
        """A person's children in the same household, oldest first."""
        mine = [kin for kin in self.kin(person) if person.index in (kin.father, kin.mother)]
        return tuple(sorted(mine, key=lambda child: child.birth))
