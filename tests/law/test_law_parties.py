"""Whom a phrase of the law means."""

from datetime import date

import pytest

from kumihimo.law import Party, UnresolvedKind, law, qualification_id

DAY = date(2026, 6, 14)
HOUSING = "公営住宅法第二条第十六号に規定する事業主体である"
HOUSING_BODIES = HOUSING + "都道府県知事又は市町村長"
OTHER_LAWS = "健康保険法第五十五条に規定する他の法令による給付の支給を行うこととされている者"


def means(phrase: str, party: Party) -> bool:
    """Whether the phrase means the party for certain."""
    grades = law().bodies.grades(party)
    return grades[law().bodies.number[phrase]] == 2


def role(*roles: str, shown: tuple[str, ...] = ()) -> Party:
    return Party(frozenset(roles), frozenset(shown))


def test_a_role_is_meant_by_every_phrase_that_names_it() -> None:
    assert means("市町村長", role("municipal-head"))
    assert means("都道府県知事又は市町村長", role("municipal-head"))
    assert not means("都道府県知事", role("municipal-head"))


def test_a_narrower_role_is_one_kind_of_the_wider_and_not_the_reverse() -> None:
    assert means("市町村長", role("hiroshima-mayor"))
    assert means("都道府県知事等", role("hiroshima-mayor"))
    assert not means("都道府県知事等", role("municipal-head"))


def test_an_institution_with_two_roles_is_meant_by_either() -> None:
    both = role("governor", "minister-health")
    assert means("都道府県知事", both) and means("厚生労働大臣", both)


def test_a_bare_role_never_satisfies_a_restricted_phrase() -> None:
    assert not means(HOUSING_BODIES, role("municipal-head"))
    assert not means(OTHER_LAWS, role("benefit-payer"))


@pytest.mark.parametrize("shown", [HOUSING, qualification_id(HOUSING), HOUSING_BODIES])
def test_a_restricted_phrase_means_who_has_shown_the_qualification(shown: str) -> None:
    assert means(HOUSING_BODIES, role("municipal-head", shown=(shown,)))


def test_words_that_narrow_do_not_replace_the_role_they_narrow() -> None:
    assert not means(HOUSING_BODIES, role("minister-health", shown=(HOUSING,)))


def test_a_phrase_of_the_table_named_by_the_request_is_met_by_that_very_phrase() -> None:
    for phrase in law().bodies.phrases:
        assert means(phrase, law().party(phrase))


def test_a_phrase_is_met_by_a_wider_phrase_and_not_by_a_narrower_one() -> None:
    either = law().party("都道府県知事又は市町村長")
    assert means("厚生労働大臣、都道府県知事又は市町村長", either)
    assert not means("市町村長", either)
    assert means("都道府県知事又は市町村長", law().party("市町村長"))


def test_a_restricted_phrase_is_also_what_its_roles_are_without_the_restriction() -> None:
    landlord = law().party(HOUSING_BODIES)
    assert means("都道府県知事又は市町村長", landlord)
    assert not means("市町村長", landlord)


def test_a_phrase_that_is_not_mechanical_stands_for_nothing_but_itself() -> None:
    party = law().party(OTHER_LAWS)
    met = [phrase for phrase in law().bodies.phrases if means(phrase, party)]
    assert met == [OTHER_LAWS]
    assert not means("都道府県知事又は市町村長", law().party("地方公共団体の長"))


def test_a_request_may_name_a_role_by_id_or_by_its_japanese_name() -> None:
    assert law().party("pension-service") == law().party("日本年金機構") == role("pension-service")


def test_words_the_law_does_not_know_mean_nobody() -> None:
    stranger = law().party("闇金融業者", ("何でもできる",))
    assert not any(law().bodies.grades(stranger))
    assert law().unknown(stranger) == ("何でもできる", "闇金融業者")
    assert law().unknown(role("governor", shown=(HOUSING, qualification_id(OTHER_LAWS)))) == ()


def test_every_phrase_that_is_restricted_or_not_mechanical_asks_for_a_qualification() -> None:
    asking = {phrase for q in law().qualifications() for phrase in q.phrases}
    for phrase in law().bodies.phrases.values():
        assert (phrase.phrase in asking) == (phrase.restriction is not None or not phrase.mechanical)
    ids = [q.id for q in law().qualifications()]
    assert len(set(ids)) == len(ids) and all(id_.startswith("q-") and len(id_) == 14 for id_ in ids)


def test_what_cannot_be_resolved_mechanically_is_listed() -> None:
    found = law().unresolved()
    texts = {each.text for each in found if each.kind is UnresolvedKind.QUALIFICATION}
    standing = {phrase for row in law().rows(DAY) for phrase in (row.inquirer, row.provider)}
    assert {q.text for q in law().qualifications() if not standing.isdisjoint(q.phrases)} <= texts
    assert "child-allowance-public-payer" in {each.subject for each in found}
    assert sum(each.kind is UnresolvedKind.PIECE_OF_TWO_ROWS for each in found) == 44


def test_who_may_use_the_number_follows_table_1_and_order_8() -> None:
    municipality = law().may_hold(role("municipal-head"), DAY)
    assert any("児童手当" in affair.affair for affair in municipality)
    assert {affair.id.split("/")[0] for affair in law().may_hold(role("governor"), DAY)} == {"t1", "o8"}
    assert law().may_hold(role("minister-justice"), date(2017, 4, 1)) == ()


def test_a_clerks_options_are_the_rows_whose_inquirer_means_the_institution() -> None:
    options = law().options(role("municipal-head"), DAY)
    assert "o9/106/2@2024-10-01" in {row.id for row in options}
    assert all("市町村" in row.inquirer for row in options)
    assert len(law().options(role("municipal-head", shown=(HOUSING,)), DAY)) > len(options)
