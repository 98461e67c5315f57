"""The decision and its reasons."""

from datetime import date

from kumihimo.law import Party, Permitted, RefusalReason, Refused, law

DAY = date(2026, 6, 20)
TAX, RESIDENT = "地方税関係情報", "住民票関係情報"
MUNICIPALITY = Party(frozenset({"municipal-head"}))
MINISTER = Party(frozenset({"minister-health"}))
GOVERNOR = Party(frozenset({"governor"}))
ROW = "o9/106/2@2024-10-01"
HOUSING = "公営住宅法第二条第十六号に規定する事業主体である"


def decide(
    inquirer: Party,
    item: str,
    provider: Party,
    information: str,
    on: date = DAY,
    items: frozenset[str] = frozenset(),
) -> Permitted | Refused:
    return law().decide(inquirer, item, provider, information, items, on)


def refusal(answer: Permitted | Refused) -> tuple[RefusalReason, str | None]:
    assert isinstance(answer, Refused)
    return answer.reason, answer.nearest.id if answer.nearest else None


def test_a_municipality_may_ask_another_for_tax_information_for_the_child_allowance() -> None:
    answer = decide(MUNICIPALITY, "106", MUNICIPALITY, TAX)
    assert isinstance(answer, Permitted)
    assert answer.row.id == ROW
    assert answer.snapshot == law().snapshot(DAY)


def test_an_item_that_never_was_has_no_nearest_row() -> None:
    assert refusal(decide(MUNICIPALITY, "999", MUNICIPALITY, TAX)) == (RefusalReason.NO_SUCH_ITEM, None)


def test_an_item_of_another_time_is_not_in_force() -> None:
    reason, nearest = refusal(decide(MINISTER, "173-2", MINISTER, TAX, date(2025, 7, 27)))
    assert (reason, nearest) == (RefusalReason.NOT_IN_FORCE, "o9/173-2/1@2025-07-28")
    assert refusal(decide(MINISTER, "1", MINISTER, TAX, date(2016, 1, 1)))[0] is RefusalReason.NOT_IN_FORCE


def test_who_is_not_the_inquirer_of_the_affair_is_not_entitled() -> None:
    assert refusal(decide(MINISTER, "106", MUNICIPALITY, TAX)) == (RefusalReason.INQUIRER_NOT_ENTITLED, ROW)


def test_information_that_the_affair_does_not_name_is_refused() -> None:
    answer = decide(MUNICIPALITY, "106", MUNICIPALITY, "年金給付関係情報")
    assert refusal(answer) == (RefusalReason.INFORMATION_NOT_NAMED, ROW)


def test_who_does_not_hold_the_information_by_the_table_is_not_asked() -> None:
    assert refusal(decide(MUNICIPALITY, "106", GOVERNOR, TAX)) == (RefusalReason.PROVIDER_NOT_NAMED, ROW)


def test_a_bare_role_lacks_the_qualification_that_a_restricted_row_asks_for() -> None:
    row = next(row for row in law().rows(DAY) if row.inquirer.startswith(HOUSING) and TAX in row.names)
    provider = law().party(row.provider)
    assert refusal(decide(MUNICIPALITY, row.item, provider, TAX)) == (
        RefusalReason.QUALIFICATION_MISSING,
        row.id,
    )
    landlord = Party(frozenset({"municipal-head"}), frozenset({HOUSING}))
    answer = decide(landlord, row.item, provider, TAX)
    assert isinstance(answer, Permitted) and answer.row is row


def test_the_same_question_has_another_answer_on_another_day() -> None:
    aviation = law().party("国土交通大臣"), "55-3", law().party("法務大臣"), "戸籍関係情報"
    assert isinstance(decide(*aviation, on=date(2026, 6, 13)), Permitted)
    assert refusal(decide(*aviation, on=date(2026, 6, 14)))[0] is RefusalReason.INQUIRER_NOT_ENTITLED


def test_the_repealed_table_decides_until_the_day_before_the_order() -> None:
    asked = law().party("市町村長"), "74", law().party("市町村長"), TAX  # child allowance was item 74
    last, first = decide(*asked, on=date(2024, 5, 26)), decide(*asked, on=date(2024, 5, 27))
    assert isinstance(last, Permitted) and last.row.table == "t2"
    assert isinstance(first, Refused)


def test_a_party_with_two_roles_gets_the_first_row_in_statute_order() -> None:
    both = Party(frozenset({"governor", "municipal-head"}))
    inquirer = law().party(law().history("161")[0].inquirer)
    names = "障害者自立支援給付関係情報"
    matching = [
        row
        for row in law().rows(DAY)
        if row.item == "161" and row.provider in {"都道府県知事", "市町村長"} and names in row.names
    ]
    answer = decide(inquirer, "161", both, names)
    assert len(matching) == 2
    assert isinstance(answer, Permitted) and answer.row is matching[0]


def test_a_piece_of_the_detail_articles_may_be_asked_under_the_row_that_covers_it() -> None:
    asked = MUNICIPALITY, "106", MUNICIPALITY, TAX, DAY
    assert isinstance(decide(*asked, items=frozenset({"108/1/ロ"})), Permitted)


def test_a_piece_that_the_row_does_not_cover_is_refused() -> None:
    asked = MUNICIPALITY, "106", MUNICIPALITY, TAX, DAY
    for piece in ("108/1/イ", "108/99/イ", "nothing"):
        answer = decide(*asked, items=frozenset({"108/1/ロ", piece}))
        assert refusal(answer) == (RefusalReason.ITEMS_NOT_NAMED, ROW)


def test_a_piece_is_unknown_before_the_day_of_its_wording() -> None:
    piece = next(
        (p, q)
        for p in law().procedures()
        for q in p.pieces
        if p.since > date(2025, 7, 1) and any(law().row(r).in_force(date(2025, 6, 1)) for r in q.rows)  # type: ignore[union-attr]
    )
    procedure, found = piece
    row = next(r for name in found.rows if (r := law().row(name)) and r.in_force(date(2025, 6, 1)))
    asked = law().party(row.inquirer), row.item, law().party(row.provider), row.names[0]
    refused = law().decide(*asked, frozenset({found.reference}), date(2025, 6, 1))
    assert refusal(refused) == (RefusalReason.ITEMS_NOT_NAMED, row.id)
    assert isinstance(law().decide(*asked, frozenset({found.reference}), procedure.since), Permitted)


def test_the_gate_checks_the_row_that_the_slip_names() -> None:
    answer = law().permits(ROW, MUNICIPALITY, MUNICIPALITY, TAX, DAY)
    assert isinstance(answer, Permitted) and answer.row.id == ROW
    gate = law().permits
    assert refusal(gate(ROW, MINISTER, MUNICIPALITY, TAX, DAY)) == (RefusalReason.INQUIRER_NOT_ENTITLED, ROW)
    assert refusal(gate(ROW, MUNICIPALITY, MINISTER, TAX, DAY)) == (RefusalReason.PROVIDER_NOT_NAMED, ROW)
    other = refusal(gate(ROW, MUNICIPALITY, MUNICIPALITY, "戸籍関係情報", DAY))
    assert other == (RefusalReason.INFORMATION_NOT_NAMED, ROW)


def test_the_gate_does_not_know_a_row_that_never_was() -> None:
    answer = law().permits("o9/106/2@1999-01-01", MUNICIPALITY, MUNICIPALITY, TAX, DAY)
    assert refusal(answer) == (RefusalReason.NO_SUCH_ROW, None)


def test_the_gate_names_the_row_that_carries_on_one_no_longer_in_force() -> None:
    old = "o9/106/2@2024-05-27"
    answer = law().permits(old, MUNICIPALITY, MUNICIPALITY, TAX, DAY)
    assert refusal(answer) == (RefusalReason.NOT_IN_FORCE, ROW)
    before = law().permits(ROW, MUNICIPALITY, MUNICIPALITY, TAX, date(2024, 6, 1))
    assert refusal(before) == (RefusalReason.NOT_IN_FORCE, old)


def test_the_gate_and_the_decision_agree_on_every_row_of_the_day() -> None:
    for row in law().rows(DAY):
        asked = law().party(row.inquirer), law().party(row.provider), row.names[0]
        assert isinstance(law().permits(row.id, *asked, DAY), Permitted)
        found = law().decide(asked[0], row.item, asked[1], asked[2], frozenset(), DAY)
        assert isinstance(found, Permitted) and found.row is row


def test_strangers_do_not_fill_the_memory() -> None:
    for number in range(10_000):
        decide(Party(frozenset({f"stranger-{number}"})), "106", MUNICIPALITY, TAX)
    assert isinstance(decide(MUNICIPALITY, "106", MUNICIPALITY, TAX), Permitted)
