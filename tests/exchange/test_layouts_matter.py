"""What a piece of the detail articles names narrows the items, by the words of the real law."""

from datetime import date

import pytest

from kumihimo.exchange.layouts import layouts, matters_of
from kumihimo.law import Piece, law

LAYOUTS = layouts()
LAW = law()
PIECES = {piece.reference: piece for procedure in LAW.procedures() for piece in procedure.pieces}
TAX = "地方税関係情報"
ASSISTANCE = "生活保護関係情報"
DISABILITY = "障害者関係情報"
MEDICAL = "医療保険給付関係情報"


def every(information: str) -> frozenset[str]:
    layout = LAYOUTS.latest(information)
    assert layout is not None
    return frozenset(layout.items)


def text(needle: str, item: str) -> str:
    """The text of a real piece of an affair that ends with these words."""
    return next(
        piece.text
        for procedure in LAW.procedures(item)
        for piece in procedure.pieces
        if piece.text.endswith(needle)
    )


@pytest.mark.parametrize(
    ("piece", "matter"),
    [
        ("当該届出に係る者に係る市町村民税（地方税法（昭和…）をいう。）に関する情報", "市町村民税"),
        ("当該猶予申請者の二親等以内の親族に係る市町村民税に係る情報", "市町村民税"),
        ("特別障害給付金関係情報", "特別障害給付金関係情報"),
        ("第一号イからヘまでに掲げる情報及び当該者に係る市町村民税に関する情報", "市町村民税"),
        ("当該児童に係る甲（乙（丙）に係る丁）の支給に関する情報", "甲の支給"),
    ],
)
def test_the_matter_is_what_follows_the_person(piece: str, matter: str) -> None:
    assert matters_of(piece) == (matter,)


def test_every_piece_of_the_order_can_be_read() -> None:
    assert len(PIECES) == 2195
    assert LAYOUTS.unresolved(LAW) == ()


def test_each_piece_allows_some_items_of_each_type_it_falls_under() -> None:
    for piece in PIECES.values():
        for term in piece.types:
            assert LAYOUTS.items_of(term, piece, LAW), (piece.reference, term)


def test_each_permission_outside_the_defined_terms_lets_some_item_be_asked() -> None:
    asked: dict[str, frozenset[str]] = {}
    for piece in PIECES.values():
        for permission in piece.rows:
            row = LAW.row(permission)
            for phrase in row.info_other if row else ():
                asked[phrase] = asked.get(phrase, frozenset()) | LAYOUTS.items_of(phrase, piece, LAW)
    phrases = {phrase for row in LAW.rows(date(2026, 6, 14)) for phrase in row.info_other}
    assert set(asked) == phrases
    for phrase in phrases:
        assert asked[phrase] == every(phrase), phrase


def test_a_piece_that_names_the_whole_type_allows_all_its_items() -> None:
    for information, item in [("児童手当関係情報", "26"), ("住民票関係情報", "106"), ("戸籍関係情報", "106")]:
        piece = f"当該申請を行う者に係る{information}"
        assert LAYOUTS.items_for(information, piece) == every(information), item
    register = text("住民票に記載された住民票関係情報", "106")
    assert LAYOUTS.items_for("住民票関係情報", register) == every("住民票関係情報")


def test_child_allowance_may_ask_the_municipal_levy_and_not_the_prefectural() -> None:
    pieces = [
        piece
        for procedure in LAW.procedures()
        if "児童手当法" in procedure.text
        for piece in procedure.pieces
        if TAX in piece.types and not piece.see
    ]
    assert pieces
    for piece in pieces:
        allowed = LAYOUTS.items_for(TAX, piece.text)
        assert {"municipal_income_levy", "municipal_per_capita_levy", "total_income"} <= allowed
        assert every(TAX) - allowed == {"prefectural_income_levy", "prefectural_per_capita_levy"}


def test_a_piece_may_name_both_levies_or_only_the_prefectural() -> None:
    assert LAYOUTS.items_for(TAX, "当該者に係る道府県民税又は市町村民税に関する情報") == every(TAX)
    prefectural = LAYOUTS.items_for(TAX, "当該者に係る道府県民税に関する情報")
    assert "prefectural_income_levy" in prefectural
    assert not prefectural & {"municipal_income_levy", "municipal_per_capita_levy", "tax_class"}


def test_public_assistance_narrows_to_its_implementation() -> None:
    implementation = LAYOUTS.items_for(ASSISTANCE, "当該申請を行う者に係る生活保護実施関係情報")
    grants = {"self_reliance_benefits", "advancement_benefits"}
    assert every(ASSISTANCE) - implementation == grants
    with_work = LAYOUTS.items_for(ASSISTANCE, "生活保護実施関係情報又は就労自立給付金関係情報")
    assert with_work == implementation | {"self_reliance_benefits"}


def test_a_certificate_without_its_degree_leaves_the_grade_out() -> None:
    law_words = "身体障害者福祉法第十五条第一項の身体障害者手帳の交付"
    issued = LAYOUTS.items_for(DISABILITY, f"当該児童に係る{law_words}に関する情報")
    both = LAYOUTS.items_for(DISABILITY, f"当該児童に係る{law_words}及びその障害の程度に関する情報")
    assert "physical_grade" not in issued
    assert both - issued == {"physical_grade", "physical_disabilities", "physical_reassess_on"}
    assert all(key.startswith("physical_") for key in both)


def test_a_question_on_qualification_does_not_open_the_medical_record() -> None:
    qualification = LAYOUTS.items_for(MEDICAL, "当該者に係る医療保険被保険者等資格に関する情報")
    assert {"qualification", "acquired_on", "lost_on"} <= qualification
    assert not qualification & {"medical_benefits", "sickness_allowances", "premiums"}


def test_matters_of_another_type_allows_nothing() -> None:
    assert LAYOUTS.items_for(TAX, "当該者に係る生活保護実施関係情報") == frozenset()
    pregnancy, account = "母子保健法による妊娠の届出に関する情報", "公的給付支給等口座登録簿関係情報"
    assert LAYOUTS.items_for(pregnancy, f"当該者に係る{account}") == frozenset()


def test_words_that_are_not_in_the_data_stay_unresolved_and_allow_the_type() -> None:
    narrowing = LAYOUTS.narrow(TAX, "当該者に係る固定資産税に関する情報")
    assert not narrowing.resolved
    assert narrowing.items == every(TAX)
    half_known = LAYOUTS.narrow(TAX, "当該者に係る市町村民税及び固定資産税に関する情報")
    assert not half_known.resolved


def test_an_information_name_without_a_layout_allows_nothing() -> None:
    assert LAYOUTS.items_for("知られない情報", "当該者に係る市町村民税に関する情報") == frozenset()


def test_a_reference_names_nothing_itself_and_is_read_through_the_pieces_it_means() -> None:
    reference = PIECES["10/2/-"]
    account = "公的給付支給等口座登録簿関係情報"
    assert reference.text.endswith("前号に掲げる情報")
    assert LAYOUTS.items_for(account, reference.text) == frozenset()
    assert LAYOUTS.items_of(account, reference, LAW) == every(account)


def test_a_piece_that_refers_and_names_allows_both() -> None:
    piece = PIECES["50/15/-"]
    assert piece.text.startswith("第四号に掲げる情報") and piece.text.endswith("生活保護実施関係情報")
    assert "status" in LAYOUTS.items_of(ASSISTANCE, piece, LAW)
    assert "advancement_benefits" not in LAYOUTS.items_of(ASSISTANCE, piece, LAW)
    assert "physical_grade" in LAYOUTS.items_of(DISABILITY, piece, LAW)


def test_the_same_act_always_means_the_child_welfare_act_where_a_judgement_is_named() -> None:
    words = "同法第十一条第一項第二号ハの調査及び判定に関する情報"
    found: list[Piece] = [piece for piece in PIECES.values() if piece.text.endswith(words)]
    assert len(found) == 5
    for piece in found:
        before = piece.text.removesuffix(words)
        assert "児童福祉法" in before
        assert before.count("法第") == before.count("児童福祉法第")
