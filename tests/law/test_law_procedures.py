"""The detail articles: whose data may be asked in which step."""

from datetime import date

from kumihimo.law import law, piece_reference
from kumihimo.law.procedures import person_concerned


def test_an_item_has_its_procedures_with_their_pieces() -> None:
    found = law().procedures("106")
    assert {procedure.article for procedure in found} == {"108"}
    assert found[0].no == "1" and "認定の請求" in found[0].text
    assert [piece.no for piece in found[0].pieces] == ["イ", "ロ", "ハ", "ニ"]
    assert found[0].pieces[1].types == ("地方税関係情報",)
    assert law().procedures("0") == ()


def test_a_slip_names_a_piece_by_article_procedure_and_kana() -> None:
    piece = law().piece("108", "1", "ロ")
    assert piece is not None and piece.reference == "108/1/ロ"
    assert piece.rows == ("o9/106/2@2024-10-01",)
    assert law().piece("108", "1", "ン") is None


def test_an_article_that_is_one_procedure_and_one_piece_needs_no_numbers() -> None:
    piece = law().piece("175-2")
    assert piece is not None and piece.reference == piece_reference("175-2", None, None) == "175-2/-/-"


def test_every_piece_has_its_own_reference() -> None:
    references = [piece.reference for procedure in law().procedures() for piece in procedure.pieces]
    assert len(set(references)) == len(references) == 2195


def test_a_reference_to_other_pieces_is_resolved() -> None:
    pieces = [piece for procedure in law().procedures() for piece in procedure.pieces]
    pointing = [piece for piece in pieces if piece.see]
    assert len(pointing) == 65
    for piece in pointing:
        meant = law().meant(piece)
        assert [each.reference for each in meant if each != piece] == list(piece.see)
        assert {row for each in meant for row in each.rows} >= set(piece.rows)
    plain = law().piece("108", "1", "イ")
    assert plain is not None and law().meant(plain) == (plain,)


def test_a_piece_that_adds_its_own_to_a_reference_means_both() -> None:
    both = law().piece("50", "15")
    assert both is not None
    assert [each.reference for each in law().meant(both)] == [
        "50/4/イ",
        "50/4/ロ",
        "50/4/ハ",
        "50/4/ニ",
        "50/15/-",
    ]


def test_the_person_concerned_is_named_before_the_last_kakaru_outside_brackets() -> None:
    assert person_concerned("当該届出に係る被扶養者及び当該届出を行う者に係る戸籍関係情報") == (
        "当該届出に係る被扶養者及び当該届出を行う者"
    )
    assert (
        person_concerned("当該請求を行う者に係る市町村民税（個人に係るものに限る。）に関する情報")
        == "当該請求を行う者"
    )
    assert person_concerned("年金給付関係情報") is None


def test_what_follows_the_person_has_only_few_forms() -> None:
    forms = {
        piece.text[len(piece.person) :]
        for procedure in law().procedures()
        for piece in procedure.pieces
        if piece.person is not None and not piece.see
    }
    assert len(forms) < 300
    assert "に係る戸籍関係情報" in forms


def test_every_row_in_force_is_covered_by_a_piece_and_every_piece_by_a_row() -> None:
    day = date(2026, 6, 14)
    covered = {row for procedure in law().procedures() for piece in procedure.pieces for row in piece.rows}
    assert covered == {row.id for row in law().rows(day)}
    assert all(piece.rows for procedure in law().procedures() for piece in procedure.pieces)
