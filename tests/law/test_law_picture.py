"""The picture of the widening says what the tables say, to eyes and to screen readers."""

import xml.etree.ElementTree as ET
from datetime import date

from kumihimo.law import Law, law

SVG = "{http://www.w3.org/2000/svg}"


def test_the_course_counts_the_rows_of_every_revision() -> None:
    course = law().course()
    assert [(s.day, s.total) for s in course.steps] == [(s.in_force_from, s.rows) for s in law().snapshots()]


def test_the_course_agrees_with_the_diff_on_what_is_new_and_ended() -> None:
    course = law().course()
    for before, after in zip(course.steps, course.steps[1:], strict=False):
        counts = law().diff(before.day, after.day).counts
        assert (after.new, after.ended) == (counts["new"], counts["ended"])


def test_the_picture_is_well_formed_without_script_and_told_in_words() -> None:
    root = ET.fromstring(law().widening_svg())
    assert root.get("role") == "img"
    title, told = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and title.text is not None and "Widening of use" in title.text
    assert root.get("aria-labelledby") == f"{title.get('id')} {told.get('id') if told is not None else ''}"
    assert told is not None and told.text is not None
    assert "2024-05-27: 114 new, 84 ended" in told.text and "481" in told.text
    assert not list(root.iter(f"{SVG}script"))
    assert not [e for e in root.iter() if any(name.startswith("on") or name == "href" for name in e.attrib)]


def test_the_picture_stays_inside_its_frame() -> None:
    root = ET.fromstring(law().widening_svg())
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
        assert 0 <= float(text.attrib["y"]) <= height


def test_the_picture_shows_the_number_in_force_at_the_end() -> None:
    words = [text.text for text in ET.fromstring(law().widening_svg()).iter(f"{SVG}text")]
    assert "481" in words and "259" in words and "+114" in words and "−84" in words


def test_the_picture_is_the_same_every_time() -> None:
    assert law().widening_svg() == Law(law()._tables).widening_svg()
    assert law().changes()[0] == date(2017, 4, 1)
