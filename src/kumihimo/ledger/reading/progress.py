"""How far a request for correction is, holder by holder, in the words of its page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kumihimo.exchange import Decision, Ground, Role, Wrong
from kumihimo.ledger.corrections import Correction, Holder
from kumihimo.node.pages import Words

WRONGS: Mapping[Wrong, Words] = {
    Wrong.NO_SUCH_PROCEDURE: Words("その手続をした覚えがない", "I did not apply for that procedure"),
    Wrong.NOT_MINE: Words("わたしではない人の記録だと思う", "I think it is about somebody else"),
    Wrong.DETAILS: Words("機関・日時・項目などが事実と違う", "An office, a time or an item is not as it was"),
    Wrong.OTHER: Words("そのほか", "Something else"),
}
"""What a person may say is wrong, in the order of the form."""
GROUND_WORDS: Mapping[Ground, Words] = {
    Ground.RECORD_WAS_WRONG: Words("記録に誤りがありました", "the record was wrong"),
    Ground.RECORD_IS_RIGHT: Words("記録は事実のとおりでした", "the record is as it was"),
    Ground.CANNOT_TELL: Words("事実を確かめられませんでした", "what happened could not be established"),
    Ground.LAW_SAYS_OTHERWISE: Words("法令により訂正できません", "the law does not let it be corrected"),
}
"""Why a holder decided as it did."""
_ROLES: Mapping[Role, Words] = {
    Role.INQUIRER: Words("照会した機関", "Who asked"),
    Role.PROVIDER: Words("照会された機関", "Who was asked"),
    Role.OPERATOR: Words("情報連携の運営者", "Operator of the network"),
}
_DECIDED: Mapping[Decision, Words] = {
    Decision.CORRECTED: Words("訂正しました", "corrected"),
    Decision.NOT_CORRECTED: Words("訂正しませんでした", "not corrected"),
}


@dataclass(frozen=True, slots=True)
class ToldHolder:
    """One holder of the record: who it is, and the last step it took; times in Unix milliseconds."""

    name: Words
    role: Words
    step: str
    words: Words
    when: int | None


@dataclass(frozen=True, slots=True)
class ToldCorrection:
    """One request for correction and how it stands."""

    name: str
    when: int
    wrong: Words
    holders: tuple[ToldHolder, ...]


def told_correction(correction: Correction, party: Callable[[str], Words]) -> ToldCorrection:
    """A request in words; `party` names institutions."""
    return ToldCorrection(
        name=correction.id,
        when=correction.time,
        wrong=WRONGS[correction.wrong],
        holders=tuple(_told(one, party) for one in correction.holders),
    )


def _told(holder: Holder, party: Callable[[str], Words]) -> ToldHolder:
    name, role = party(holder.holder), _ROLES[holder.role]
    if holder.decision is not None and holder.ground is not None:
        done, why = _DECIDED[holder.decision], GROUND_WORDS[holder.ground]
        words = Words(f"対応済み（{done.ja}：{why.ja}）", f"dealt with ({done.en}: {why.en})")
        return ToldHolder(name, role, "decided", words, holder.decided)
    if holder.acknowledged is not None:
        if holder.role is Role.OPERATOR:
            words = Words("受け取り、記録しました", "received and noted")
            return ToldHolder(name, role, "decided", words, holder.acknowledged)
        words = Words("受け取りました。確認しています", "received, being looked into")
        return ToldHolder(name, role, "received", words, holder.acknowledged)
    words = Words("送っています（届くまで繰り返します）", "on its way (tried until it arrives)")
    return ToldHolder(name, role, "sent", words, None)
