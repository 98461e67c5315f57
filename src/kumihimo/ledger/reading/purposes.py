"""What a look was for, in words a person understands: the everyday name of a programme, and the step in it.

The words of the law stay beside these, never replaced by them. The names are data, `data/purposes.json`:
[words that stand in the affair, everyday name, the same in English], the first that fits.
"""

import re
from functools import cache
from importlib import resources

import msgspec

from kumihimo.exchange import plain
from kumihimo.node.pages import Words

LONGEST_STEP = 64
LONGEST_SUBJECT = 30
_NUMBER = "第?[一二三四五六七八九十百千]+条(?:の[一二三四五六七八九十]+)*"
_CITED = re.compile(
    rf"^.{{2,60}}?(?:法律|法|規則|省令|令|条例|要綱)(?:附則)?{_NUMBER}"
    r"(?:第[一二三四五六七八九十]+項)?(?:第[一二三四五六七八九十]+号)?の"
)
_STILL_CITING = re.compile(rf"{_NUMBER}|同法|同令|同条|平成[^年]+年法律|昭和[^年]+年法律")
_UNDER_LAW = re.compile("^.{2,40}?(?:法|法律|保険各法)(?:その他の法令)?による")
_CHECKING = "に係る事実についての審査に関する事務"
_CONCERNING = "に関する事務"
_RELATED = "関係情報"
_UNKNOWN = Words("法律で定められた手続", "a procedure under the law named below")


def programme(affair: str) -> Words:
    """The everyday name of the programme an affair of the table belongs to, such as 児童手当."""
    text = plain(affair)
    return next((Words(ja, en) for needle, ja, en in _names() if needle in text), _UNKNOWN)


def step(procedure: str) -> str:
    """The step of a procedure without citations (受給資格の認定の請求の審査); empty where none is short."""
    text = _CITED.sub("", plain(procedure))
    if text.endswith(_CHECKING):
        text = text.removesuffix(_CHECKING) + "の審査"
    text = text.removesuffix(_CONCERNING)
    return "" if len(text) > LONGEST_STEP or _STILL_CITING.search(text) else text


def subject(information: str) -> str:
    """What a kind of information is about (年金給付関係情報: 年金給付); empty where no short words say it."""
    if information.endswith(_RELATED):
        return information.removesuffix(_RELATED)
    text = _UNDER_LAW.sub("", plain(information)).removesuffix("に関する情報")
    return "" if len(text) > LONGEST_SUBJECT or _STILL_CITING.search(text) else text


@cache
def _names() -> tuple[tuple[str, str, str], ...]:
    data = (resources.files("kumihimo.ledger.reading") / "data" / "purposes.json").read_bytes()
    return msgspec.json.decode(data, type=tuple[tuple[str, str, str], ...])
