"""Fills a municipality's registers (resident records, residence tax, insurance), and a prefecture's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from kumihimo.base import legal_age_reached, municipality
from kumihimo.municipality import TaxClass
from kumihimo.world.places import YONAGUNI
from kumihimo.world.records import Filing, Row, Table, Tables, table, treatments
from kumihimo.world.residents import Certificate, Household, Insurance, Person
from kumihimo.world.taxation import FISCAL_YEARS, Assessment, assess_household, taxed_by

type Assessments = Mapping[int, Mapping[int, Assessment]]  # by fiscal year and person

_PARTS = ("limbs", "limbs", "heart", "kidney", "sight", "hearing", "respiratory")
_SERVICES = (("生活介護", "22日"), ("居宅介護（身体介護）", "30時間"), ("就労継続支援Ｂ型", "20日"))
_CARE_SERVICES = ("訪問介護", "通所介護", "介護老人福祉施設", "福祉用具貸与")
_PREVENTIVE_SERVICES = ("介護予防訪問看護", "介護予防通所リハビリテーション", "介護予防福祉用具貸与")
_CARE_LEVELS = ("support-1", "support-2", "care-1", "care-2", "care-3", "care-4", "care-5")


def code_of(filing: Filing) -> str:
    """The local government code of a municipal filing."""
    return filing.id.removeprefix("muni-")


def assessments(filing: Filing) -> Assessments:
    """The residence tax of everybody known here, whoever assessed it."""
    found: dict[int, dict[int, Assessment]] = {}
    for year in FISCAL_YEARS:
        found[year] = {}
        for home in filing.homes():
            found[year] |= assess_household(filing.population, home, year)
    return found


def resident_tables(filing: Filing) -> Tables:
    """The resident register: residents, and removed records of those who moved away."""
    homes = filing.homes()
    keys = dict(zip((home.index for home in homes), filing.serials("household", 10, len(homes)), strict=True))
    rows = [_resident(filing, person, keys[person.household]) for person in filing.known]
    columns = (
        "subject household place name kana alias birth sex relation municipality nationality "
        "residence_status address resident_since address_since notified_on previous_address removed_on "
        "removal_reason next_address"
    )
    return {"register.resident": table(columns, rows)}


def _resident(filing: Filing, person: Person, key: str) -> Row:
    home, standing = filing.population.home(person), person.residence
    head = (
        filing.subject(person),
        key,
        home.members.index(person.index) + 1,
        person.name,
        person.kana,
        standing.alias if standing else None,
        person.birth,
        person.sex.value,
        person.relation,
        code_of(filing),
        standing.nationality if standing else None,
        standing.status if standing else None,
    )
    rng = filing.rng(f"resident/{home.index}")
    if lives_here(filing, home):
        since = max(home.since, person.birth)
        notified = home.move.day + timedelta(days=rng.randint(0, 6)) if home.move else None
        previous = home.move.address if home.move else None
        if home.move is not None and person.birth >= home.move.day:
            notified = previous = None
        moved_within = home.move is None and rng.random() < 0.15
        settled = home.since + (filing.day - home.since) * 0.6 if moved_within else since
        return (*head, home.address, since, max(since, settled), notified, previous, None, None, None)
    assert home.move is not None
    since = max(home.move.day - timedelta(days=rng.randint(700, 4000)), person.birth)
    return (*head, home.move.address, since, since, None, None, home.move.day, "move-out", home.address)


def lives_here(filing: Filing, home: Household) -> bool:
    """Whether a household lives in this municipality now; otherwise it has moved away."""
    return home.municipality == code_of(filing)


def membership(filing: Filing, person: Person, since: date) -> tuple[date, date | None]:
    """When a resident joined a scheme of the municipality, and left it by moving away."""
    home = filing.population.home(person)
    if lives_here(filing, home):
        return max(since, home.since, person.birth), None
    assert home.move is not None
    return max(person.birth, min(since, home.move.day - timedelta(days=400))), home.move.day


def business_tables(filing: Filing, taxes: Assessments) -> Tables:
    """The municipality's own row, tax, insurance, support."""
    code = code_of(filing)
    place = municipality(code)
    name = place.name if place else code
    welfare = None if code == YONAGUNI else f"{name}福祉事務所"
    return {
        "municipality.office": table(
            "code name welfare_office insurer_number", [(code, name, welfare, "00" + code)]
        ),
        "municipality.resident_tax": _tax(filing, taxes),
        "municipality.disability_support": _support(filing, taxes),
        **_health(filing, taxes),
        "municipality.long_term_care": _care(filing, taxes),
    }


def _tax(filing: Filing, taxes: Assessments) -> Table:
    columns = (
        "subject fiscal_year assessed_on tax_class total_income incomes salary_receipts pension_receipts "
        "deductions taxable_base municipal_credits municipal_income municipal_per_capita prefectural_income "
        "prefectural_per_capita dependants dependants_under_16 spouse_deduction disability bereft "
        "is_dependant"
    )
    rows = [
        _tax_row(filing.subject(person), taxes[year][person.index])
        for year in FISCAL_YEARS
        for person in filing.known
        if person.index in taxes[year] and taxed_by(filing.population.home(person), year) == code_of(filing)
    ]
    return table(columns, rows)


def _tax_row(subject: str, tax: Assessment) -> Row:
    kinds = {"salary": tax.incomes.salary, "pension": tax.incomes.pension, "business": tax.incomes.business}
    return (
        subject,
        tax.fiscal_year,
        date(tax.fiscal_year, 6, 1),
        int(tax.levy.tax_class),
        tax.incomes.total,
        _amounts(kinds),
        tax.incomes.salary_receipts,
        tax.incomes.pension_receipts,
        _amounts(tax.deductions),
        tax.levy.taxable_base,
        tax.levy.credits,
        tax.levy.income,
        tax.levy.per_capita,
        tax.levy.prefectural_income,
        tax.levy.prefectural_per_capita,
        tax.dependants,
        tax.dependants_under_16,
        "spouse" if tax.has_spouse_deduction else "none",
        tax.disability,
        tax.bereft,
        tax.is_dependant,
    )


def _amounts(kinds: Mapping[str, int]) -> str:
    return json.dumps([{"kind": kind, "amount": amount} for kind, amount in kinds.items() if amount])


def _here(filing: Filing) -> list[Person]:
    return [person for person in filing.known if lives_here(filing, filing.population.home(person))]


def certificate_tables(filing: Filing) -> Tables:
    """A prefecture's register of certificates of disability (障害者手帳): all it knows hold one."""
    rows: list[Row] = []
    for person, number in zip(filing.known, filing.serials("certificate", 7, len(filing.known)), strict=True):
        held, rng = person.disability, filing.rng(f"certificate/{person.index}")
        assert held is not None
        part = rng.choice(_PARTS) if held.kind is Certificate.PHYSICAL else None
        # A mental health certificate is good for two years (精神保健福祉法施行令8条).
        until = filing.day + timedelta(days=rng.randint(10, 720)) if held.kind is Certificate.MENTAL else None
        rows.append(
            (filing.subject(person), held.kind.value, number, held.grade, part, held.issued, until, None)
        )
    columns = "subject kind number grade part issued_on valid_to returned_on"
    return {"municipality.disability_certificate": table(columns, rows)}


def _support(filing: Filing, taxes: Assessments) -> Table:
    users = [
        person
        for person in _here(filing)
        if person.disability is not None and 18 <= filing.age(person) < 65 and person.index % 2 == 0
    ]
    rows: list[Row] = []
    for person, number in zip(users, filing.serials("support", 10, len(users)), strict=True):
        rng = filing.rng(f"support/{person.index}")
        service, quantity = rng.choice(_SERVICES)
        since = filing.day - timedelta(days=rng.randint(60, 300))
        taxed = taxes[2026].get(person.index)
        poor = taxed is None or taxed.levy.tax_class is not TaxClass.TAXED
        assisted = filing.population.home(person).assisted_since is not None
        burden = "assistance" if assisted else "low-income" if poor else "general-1"
        limit = 9_300 if burden == "general-1" else 0
        monthly = rng.randint(40, 240) * 1_000
        ends = since + timedelta(days=364)
        category = rng.randint(1, 6)
        rows.append(
            (filing.subject(person), number, category, service, quantity, since, ends, burden, limit, monthly)
        )
    columns = (
        "subject certificate category service quantity valid_from valid_to burden_class burden_limit monthly"
    )
    return table(columns, rows)


def _health(filing: Filing, taxes: Assessments) -> Tables:
    members = [person for person in filing.known if person.insurance is Insurance.MUNICIPAL]
    homes = sorted({person.household for person in members})
    symbols = dict(zip(homes, filing.serials("symbol", 8, len(homes)), strict=True))
    shares = {person.index: copayment(filing.age(person)) for person in members}
    rows = []
    for person in members:
        since, until = membership(filing, person, filing.day - timedelta(days=2000))
        place = filing.population.home(person).members.index(person.index) + 1
        tax = taxes[2026].get(person.index)
        income = tax.incomes.total if tax else 0
        reduced = income < 430_000
        premium = min(1_090_000, (18_000 if reduced else 62_000) + max(0, income - 430_000) * 9 // 100)
        symbol, serial = symbols[person.household], f"{place:02d}"
        reduction = "reduced" if reduced else "none"
        rows.append(
            (
                filing.subject(person),
                symbol,
                serial,
                since,
                until,
                shares[person.index],
                2026,
                premium,
                reduction,
            )
        )
    columns = "subject symbol serial acquired_on lost_on copayment fiscal_year premium reduction"
    here = [person for person in members if lives_here(filing, filing.population.home(person))]
    return {
        "municipality.health_insurance": table(columns, rows),
        "municipality.treatment": table(
            "subject month insurer_paid patient_paid high_cost", treatments(filing, here, shares)
        ),
    }


def copayment(age: int) -> int:
    """The patient's share in per cent: 20 under six and from 70 on, else 30 (国民健康保険法42条)."""
    return 20 if age < 6 or age >= 70 else 30


def _care(filing: Filing, taxes: Assessments) -> Table:
    columns = (
        "subject acquired_on lost_on premium_stage fiscal_year premium care_level certified_from "
        "certified_to user_share service monthly"
    )
    return table(columns, _care_rows(filing, taxes))


def _care_rows(filing: Filing, taxes: Assessments) -> Iterable[Row]:
    for person in filing.known:
        age = filing.age(person)
        if age < 65:
            continue
        rng = filing.rng(f"care/{person.index}")
        since, until = membership(filing, person, legal_age_reached(person.birth, 65))
        tax = taxes[2026].get(person.index)
        income = tax.incomes.total if tax else 0
        stage = 1 if not income else min(13, 5 + income // 800_000)
        need = 0.04 if age < 75 else 0.18 if age < 85 else 0.55
        head = (filing.subject(person), since, until, stage, 2026, 24_000 + 9_000 * stage)
        if until is None and rng.random() < need:
            begins = filing.day - timedelta(days=rng.randint(20, 300))
            monthly = rng.randint(20, 250) * 900
            level = rng.choice(_CARE_LEVELS)
            service = rng.choice(_PREVENTIVE_SERVICES if level.startswith("support") else _CARE_SERVICES)
            share = 0 if filing.population.home(person).assisted_since is not None else 10
            yield (*head, level, begins, begins + timedelta(days=729), share, service, monthly)
        else:
            yield (*head, "none", None, None, 10, None, 0)
