"""What an auditor may find wrong with an epoch of the ledger: a closed set, with numbers and no persons."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """In which way an epoch is not what an honest ledger publishes."""

    UNREADABLE = "unreadable"
    GAP = "epoch-gap"
    TIME = "time-backwards"
    DEPTH = "depth-changed"
    TRANSITION = "transition-differs"
    ORDER = "order"
    REWRITTEN = "leaf-rewritten"
    MAP_ROOT = "map-root"
    TOTAL = "total"
    PERSONS = "persons"
    X_ROOT = "x-root"
    X_SIZE = "x-size"
    FORKED = "x-forked"
    UNKNOWN_EVENT = "event-unknown"
    MISSING = "event-missing"
    DELAYED = "event-delayed"
    COUNTED = "counted-entries"
    DEFERRAL = "deferral"
    DEFERRAL_ROOT = "deferral-root"
    OVERDUE = "deferral-overdue"
    AT_ONCE = "released-at-once"
    REPEATED = "entry-repeated"
    EQUATION = "equation"
    EVIDENCE_REFUSED = "evidence-refused"
    EVIDENCE_PAPERS = "evidence-papers"
    EVIDENCE_PLACE = "evidence-place"
    EVIDENCE_PROOF = "evidence-proof"
    RELABELLED = "relabelled"
    ENTRY = "entry-differs"
    UNFOUNDED = "deferral-unfounded"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One fault of one epoch, where it can be counted with the number expected and the number found."""

    fault: Fault
    epoch: int
    expected: int | None = None
    found: int | None = None

    def text(self, *, japanese: bool = False) -> str:
        """The finding in words, with its numbers."""
        numbers = ""
        if self.expected is not None or self.found is not None:
            shape = "（期待 {}、実際 {}）" if japanese else " (expected {}, found {})"
            numbers = shape.format(_number(self.expected), _number(self.found))
        return WORDS[self.fault][0 if japanese else 1] + numbers


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


WORDS: dict[Fault, tuple[str, str]] = {
    Fault.UNREADABLE: ("時点記録または推移が読めません", "the epoch's record or transition cannot be read"),
    Fault.GAP: ("時点の番号が続いていません", "epoch numbers do not follow one another"),
    Fault.TIME: ("時刻が前の時点より戻っています", "the epoch is dated before the one before it"),
    Fault.DEPTH: ("地図の深さが変わりました", "the depth of the map has changed"),
    Fault.TRANSITION: ("推移が記録のものと異なります", "the transition is not the one the record names"),
    Fault.ORDER: ("推移の並びが正しくありません", "the transition is out of order or names a thing twice"),
    Fault.REWRITTEN: (
        "前の時点の葉と異なるところから始まる記録があります",
        "a person's chain does not go on from where the epoch before left it",
    ),
    Fault.MAP_ROOT: ("地図の根が葉と一致しません", "the map's root is not the one its leaves give"),
    Fault.TOTAL: ("総数が地図の和と一致しません", "the total is not the sum of the map"),
    Fault.PERSONS: ("人数が地図と一致しません", "the number of persons is not the map's"),
    Fault.X_ROOT: (
        "交換記録の根が写しと一致しません",
        "the root of the exchange log is not the one its entries give",
    ),
    Fault.X_SIZE: (
        "交換記録の範囲が正しくありません",
        "the part of the exchange log is not the one that was read",
    ),
    Fault.FORKED: (
        "交換記録が、見た検査点と一致しません",
        "the exchange log's entries do not lead to a checkpoint that was seen",
    ),
    Fault.UNKNOWN_EVENT: (
        "交換記録にない、または既に扱われた事象があります",
        "an event is accounted for twice, or stands nowhere in the exchange log",
    ),
    Fault.MISSING: (
        "どこにも数えられていない事象があります",
        "events of the exchange log are accounted for nowhere",
    ),
    Fault.DELAYED: ("約束より長く待たされた事象があります", "events are kept open longer than promised"),
    Fault.COUNTED: (
        "数えられた記録の数が事象の数と異なります",
        "the number of counted entries is not the number of settled events",
    ),
    Fault.DEFERRAL: (
        "不開示の記載が正しくありません",
        "an event withheld by law is not stated as it must be",
    ),
    Fault.DEFERRAL_ROOT: ("不開示の集合が一致しません", "the deferral set is not the one committed to"),
    Fault.OVERDUE: ("期限を過ぎた不開示があります", "events are withheld beyond their last day"),
    Fault.AT_ONCE: (
        "不開示とされた時点のうちに開示された事象があります",
        "events are withheld and released in one and the same epoch",
    ),
    Fault.REPEATED: ("同じ記録が二度書かれています", "an entry is written twice"),
    Fault.EQUATION: (
        "総数＋不開示＋未決＋無効が事象の数と一致しません",
        "total + deferred + open + void is not the number of person-events",
    ),
    Fault.EVIDENCE_REFUSED: ("抽出した事象の証拠が示されません", "no evidence is shown for a sampled event"),
    Fault.EVIDENCE_PAPERS: (
        "証拠の照会票または情報提供許可証が正しくありません",
        "slip or stamps of a sampled event are not signed as they must be",
    ),
    Fault.EVIDENCE_PLACE: (
        "証拠が、抽出した事象のものではありません",
        "the evidence is of another event than the one sampled",
    ),
    Fault.EVIDENCE_PROOF: (
        "標識が本人のものであることの証明が成り立ちません",
        "the proof that the label belongs to the person of the event does not hold",
    ),
    Fault.RELABELLED: (
        "事象が、本人のものでない標識に数えられています",
        "an event is counted under a label that is not its person's",
    ),
    Fault.UNFOUNDED: (
        "不開示とされた事象の照会票や鍵に、その根拠がありません",
        "an event is withheld although its slip does not say so, or its leaf is of something else",
    ),
    Fault.ENTRY: (
        "本人の記録が、照会票のとおりに書かれていません",
        "the person's record does not say what the slip says",
    ),
}
"""Each fault in words, Japanese and English."""
