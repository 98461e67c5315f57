"""What checking a person's file comes to: one word, and what it means in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from kumihimo.base import JST


class Finding(StrEnum):
    """The one word of a verdict. Only COMPLETE is good news."""

    COMPLETE = "COMPLETE"
    WITHHELD = "WITHHELD"
    ALTERED = "ALTERED"
    WRONG_WITNESS = "WRONG WITNESS"
    TOO_FEW_WITNESSES = "TOO FEW WITNESSES"
    OLDER = "OLDER"
    MALFORMED = "MALFORMED"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a finding means, in English and Japanese."""

    english: str
    japanese: str


MEANINGS: Mapping[Finding, Meaning] = MappingProxyType(
    {
        Finding.COMPLETE: Meaning(
            "Every record the ledger had committed to for this person is in this file, unchanged.",
            "台帳がこの方について確定した記録は、すべてこのファイルにあり、書き換えられていません。",
        ),
        Finding.WITHHELD: Meaning(
            "The ledger has committed to more records for this person than this file shows. "
            "Ask the privacy commission; keep this file.",
            "台帳が確定した記録の数より、このファイルの記録が少なくなっています。"
            "このファイルを保管し、個人情報保護委員会に申し出てください。",
        ),
        Finding.ALTERED: Meaning(
            "Something in this file is not what the ledger committed to. Fetch it again from the portal; "
            "if it stays so, ask the privacy commission.",
            "ファイルの内容が、台帳が確定したものと異なります。もう一度取得し、"
            "それでも同じなら個人情報保護委員会に申し出てください。",
        ),
        Finding.WRONG_WITNESS: Meaning(
            "A signature is false or of a witness the policy does not name, and without it too few remain.",
            "信頼方針にない証人の署名か、正しくない署名があり、必要な数に足りません。",
        ),
        Finding.TOO_FEW_WITNESSES: Meaning(
            "Fewer witnesses have signed than the policy asks for. Fetch the file again in a minute.",
            "署名した証人の数が足りません。しばらくしてから、もう一度取得してください。",
        ),
        Finding.OLDER: Meaning(
            "This file shows an older state than the earlier file: the ledger may not go back.",
            "前のファイルより古い状態を示しています。台帳が後戻りすることはありません。",
        ),
        Finding.MALFORMED: Meaning(
            "This cannot be read as a file of records. Fetch it again; do not edit it.",
            "記録のファイルとして読めません。編集せずに、もう一度取得してください。",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding with its particulars.

    `shown` and `committed` count records; `epoch` and `time` (Unix milliseconds) say as of when; `erased`
    counts lines past their retention, of which only hashes are left. `detail` and `detail_ja` name what is
    wrong, never whom or what a record is about.
    """

    finding: Finding
    detail: str = ""
    detail_ja: str = ""
    shown: int | None = None
    committed: int | None = None
    epoch: int | None = None
    time: int | None = None
    witnesses: tuple[str, ...] = ()
    erased: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and nothing was changed."""
        return self.finding is Finding.COMPLETE

    @property
    def headline(self) -> str:
        """The one line a program may look for, such as `WITHHELD: shown 2, committed 3`."""
        if self.finding in {Finding.COMPLETE, Finding.WITHHELD}:
            return f"{self.finding}: shown {self.shown}, committed {self.committed}"
        return f"{self.finding}: {self.detail}" if self.detail else self.finding.value

    @property
    def meaning(self) -> Meaning:
        """What the finding means for the person."""
        return MEANINGS[self.finding]


def altered(detail: str, detail_ja: str) -> Verdict:
    """The file is not what was committed to, for this reason in both languages."""
    return Verdict(Finding.ALTERED, detail, detail_ja)


def explain(verdict: Verdict, language: str) -> tuple[str, ...]:
    """The verdict in sentences for its person; `language` is `ja` or `en`."""
    if language == "ja":
        return tuple(filter(None, (verdict.meaning.japanese, verdict.detail_ja, _standing_ja(verdict))))
    return tuple(filter(None, (verdict.meaning.english, verdict.detail, _standing(verdict))))


def _standing(verdict: Verdict) -> str:
    """As of when and in whose presence; and what only hashes are left of."""
    if verdict.epoch is None or verdict.time is None:
        return ""
    witnessed = f"; witnesses: {', '.join(verdict.witnesses)}" if verdict.witnesses else ""
    erased = f"; {verdict.erased} lines past 7 years are erased" if verdict.erased else ""
    return f"As of {_moment(verdict.time)} (epoch {verdict.epoch}){witnessed}{erased}."


def _standing_ja(verdict: Verdict) -> str:
    if verdict.epoch is None or verdict.time is None:
        return ""
    witnessed = f"。証人: {'、'.join(verdict.witnesses)}" if verdict.witnesses else ""
    erased = f"。7年を過ぎて消された行: {verdict.erased}" if verdict.erased else ""
    return f"{_moment(verdict.time)} 現在（第{verdict.epoch}期）{witnessed}{erased}。"


def _moment(milliseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000, JST):%Y-%m-%d %H:%M:%S} JST"
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"
