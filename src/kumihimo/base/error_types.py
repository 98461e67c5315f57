"""The one error vocabulary of the exchange: what a refusal is called, why, and what to do next.

The list is closed and append-only: a type, once published, keeps its meaning. Everything here is a
constant; which facts lead to which type is decided by the room that refuses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ErrorType(StrEnum):
    """The kind of a refusal, stable over time and the same in every room and on the wire."""

    NOT_PERMITTED = "not-permitted"
    ITEMS_NOT_PERMITTED = "items-not-permitted"
    BASIS_NOT_IN_FORCE = "basis-not-in-force"
    PIA_NOT_PUBLISHED = "pia-not-published"
    INSTITUTION_UNKNOWN = "institution-unknown"
    INSTITUTION_SUSPENDED = "institution-suspended"
    CODE_NOT_ACQUIRED = "code-not-acquired"
    CODE_EPOCH_RETIRED = "code-epoch-retired"
    NO_RECORD = "no-record"
    PENDING_APPROVAL = "pending-approval"
    PERSON_PROTECTED = "person-protected"
    LAYOUT_UNSUPPORTED = "layout-unsupported"
    SIGNATURE_INVALID = "signature-invalid"
    STAMP_INVALID = "stamp-invalid"
    PROOF_INVALID = "proof-invalid"
    RECEIPT_MISSING = "receipt-missing"
    REPLAYED = "replayed"
    EXPIRED = "expired"
    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    PROVIDER_UNAVAILABLE = "provider-unavailable"
    BUSY = "busy"
    CLOCK_SKEW = "clock-skew"
    NOT_FOUND = "not-found"
    UNAUTHENTICATED = "unauthenticated"
    UNKNOWN = "unknown"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Words:
    """What is told to a person about one error type, in both languages, with its HTTP status.

    `ground` is the provision that makes the refusal a duty; empty where the reason is technical.
    No status is 2xx: a caller that reads only the status never takes a refusal for an answer.
    """

    status: int
    title: str
    title_ja: str
    remedy: str
    remedy_ja: str
    ground: str = ""


WORDS: Mapping[ErrorType, Words] = MappingProxyType(
    {
        ErrorType.NOT_PERMITTED: Words(
            403,
            "No provision permits this exchange",
            "この情報連携を認める規定がありません",
            "Check the affair, the provider and the information type against the nearest row named here; "
            "without a row, ask the person for the document instead.",
            "事務・情報提供者・特定個人情報の種類を、示された最も近い行と照らしてください。"
            "該当する行がなければ、本人に書類の提出を求めてください。",
            "番号法19条8号・21条2項",
        ),
        ErrorType.ITEMS_NOT_PERMITTED: Words(
            403,
            "Some of the items asked for are outside the permission",
            "照会した項目の一部が、認められた範囲にありません",
            "Ask again for only the items the permission covers.",
            "認められた項目だけを指定して、もう一度照会してください。",
            "番号法19条8号",
        ),
        ErrorType.BASIS_NOT_IN_FORCE: Words(
            403,
            "The provision named is not in force on that day",
            "示された根拠規定は、その日に施行されていません",
            "Look up the row now in force for the same affair (see its lineage) and ask again.",
            "同じ事務について現に施行されている行（沿革に後継の行があります）を確かめ、もう一度照会してください。",
            "番号法19条8号",
        ),
        ErrorType.PIA_NOT_PUBLISHED: Words(
            403,
            "A privacy impact assessment is not published or not in force",
            "特定個人情報保護評価書が公表されていないか、有効ではありません",
            "The institution named publishes its assessment, or renews it; until then neither side may "
            "ask or answer.",
            "示された機関が評価書を公表または更新するまで、照会も提供もできません。",
            "番号法28条6項・21条2項",
        ),
        ErrorType.INSTITUTION_UNKNOWN: Words(
            401,
            "The institution is not in the directory",
            "機関が名簿に登録されていません",
            "Check the institution's id and fetch the current directory; a new institution is entered "
            "by both operators.",
            "機関の識別名を確かめ、最新の名簿を取得してください。新しい機関は両運営者が登録します。",
        ),
        ErrorType.INSTITUTION_SUSPENDED: Words(
            403,
            "The institution is suspended from the exchange",
            "機関の情報連携が停止されています",
            "Ask the privacy commission for the reason and the conditions of reinstatement.",
            "停止の理由と解除の条件を個人情報保護委員会に確かめてください。",
        ),
        ErrorType.CODE_NOT_ACQUIRED: Words(
            409,
            "The institution holds no code for this person",
            "この方の情報提供用個人識別符号を取得していません",
            "Acquire the code first (it needs the individual number, lawfully held), then ask again.",
            "適法に保有する個人番号により符号を取得してから、もう一度照会してください。",
            "番号法21条の2",
        ),
        ErrorType.CODE_EPOCH_RETIRED: Words(
            409,
            "The code belongs to a retired generation",
            "符号の世代が廃止されています",
            "Rotate the institution's codes to the generation in the current directory, then ask again.",
            "最新の名簿が示す世代に符号を更新してから、もう一度照会してください。",
        ),
        ErrorType.NO_RECORD: Words(
            404,
            "The provider holds no record of this kind for this person",
            "情報提供者は、この方について該当する情報を保有していません",
            "Check the date and the provider asked; if a record ought to exist, ask the provider's office.",
            "基準日と照会先を確かめてください。記録があるはずの場合は、情報提供者の窓口に問い合わせてください。",
            "番号法22条1項",
        ),
        ErrorType.PENDING_APPROVAL: Words(
            409,
            "A person must approve this answer",
            "回答には担当者の承認が必要です",
            "Wait: the provider's office decides, and the answer can be collected with the same slip.",
            "情報提供者の担当者が判断します。お待ちください。回答は同じ照会票で受け取れます。",
            "番号法22条1項",
        ),
        ErrorType.PERSON_PROTECTED: Words(
            403,
            "Items are withheld to protect a person",
            "支援措置などにより、提供できない項目があります",
            "Contact the provider's office by its protected channel; never look for the address elsewhere.",
            "情報提供者の専用窓口に連絡してください。住所などを他の方法で調べないでください。",
        ),
        ErrorType.LAYOUT_UNSUPPORTED: Words(
            422,
            "The layout or its version is not supported",
            "データ標準レイアウトまたはその版に対応していません",
            "Ask again with a version the provider lists in the directory.",
            "情報提供者が名簿に示す版を指定して、もう一度照会してください。",
        ),
        ErrorType.SIGNATURE_INVALID: Words(
            401,
            "The signature does not verify",
            "署名を検証できません",
            "Sign the exact bytes again with the key in the current directory; if it happens again, "
            "report it as an incident.",
            "最新の名簿にある鍵で、送る内容そのものに署名し直してください。繰り返す場合はインシデントとして報告してください。",
        ),
        ErrorType.STAMP_INVALID: Words(
            403,
            "An operator's stamp is missing or does not match the slip",
            "情報提供許可証がないか、照会票と一致しません",
            "Take a new slip to both operators; a stamp is good only for the very slip it names.",
            "新しい照会票で、両運営者の許可を受け直してください。許可証は、示された照会票にだけ有効です。",
            "番号法21条2項",
        ),
        ErrorType.PROOF_INVALID: Words(
            422,
            "A proof of conversion does not verify",
            "符号変換の証明を検証できません",
            "Do not use the result. Begin again with a new slip; if it happens again, report the operator "
            "named to the privacy commission.",
            "結果を使わないでください。新しい照会票でやり直し、繰り返す場合は、示された運営者を個人情報保護委員会に報告してください。",
        ),
        ErrorType.RECEIPT_MISSING: Words(
            428,
            "The exchange is not on record",
            "情報提供等の記録がありません",
            "Register the slip with the ledger and send its receipt: nothing is provided before that.",
            "照会票を記録台帳に登録し、その受領証を添えてください。記録の前に情報は提供されません。",
            "番号法23条",
        ),
        ErrorType.REPLAYED: Words(
            409,
            "The transaction number was used before, with other content",
            "同じ取引番号が、別の内容で使われています",
            "Begin again with a new slip; a retry must repeat the very same bytes.",
            "新しい照会票でやり直してください。再送するときは、まったく同じ内容を送ってください。",
        ),
        ErrorType.EXPIRED: Words(
            400,
            "The message has expired",
            "有効期限が過ぎています",
            "Begin again with a new slip.",
            "新しい照会票でやり直してください。",
        ),
        ErrorType.MALFORMED: Words(
            400,
            "The message cannot be read",
            "電文の形式が正しくありません",
            "Correct the part named in the detail; the profile is canonical JSON as documented.",
            "詳細に示された部分を直してください。形式は定められた正規形のJSONです。",
        ),
        ErrorType.TOO_LARGE: Words(
            413,
            "The message is too large",
            "電文が大きすぎます",
            "Split the request; a message holds at most 1 MiB.",
            "照会を分割してください。一つの電文は1MiBまでです。",
        ),
        ErrorType.PROVIDER_UNAVAILABLE: Words(
            502,
            "The institution asked cannot be reached",
            "相手の機関に接続できません",
            "Try again later with the same slip while it is valid, then with a new one.",
            "しばらくしてから、有効期限内であれば同じ照会票で、過ぎていれば新しい照会票で、やり直してください。",
        ),
        ErrorType.BUSY: Words(
            503,
            "Too many requests at once",
            "混み合っています",
            "Try again in a moment with the same slip; nothing was done.",
            "処理は行われていません。少し待ってから、同じ照会票でやり直してください。",
        ),
        ErrorType.CLOCK_SKEW: Words(
            400,
            "The sender's clock is wrong",
            "送信元の時計がずれています",
            "Set the sender's clock by a trusted time source, then begin again with a new slip.",
            "送信元の時計を信頼できる時刻に合わせ、新しい照会票でやり直してください。",
        ),
        ErrorType.NOT_FOUND: Words(
            404,
            "There is nothing at this address",
            "指定された宛先はありません",
            "Check the address and the version of the protocol.",
            "宛先と手順の版を確かめてください。",
        ),
        ErrorType.UNAUTHENTICATED: Words(
            401,
            "Sign-in is required",
            "本人確認が必要です",
            "Sign in, or sign the request, and try again.",
            "ログインするか、要求に署名して、やり直してください。",
        ),
        ErrorType.UNKNOWN: Words(
            500,
            "Something went wrong",
            "原因不明の障害が起きました",
            "Tell the operator of the institution the reference; it holds nothing about the person.",
            "機関の運用担当者に参照番号を伝えてください。参照番号に個人の情報は含まれません。",
        ),
        ErrorType.DECLINED: Words(
            403,
            "The provider declined",
            "提供者が提供しないことを決めました",
            "Ask the provider's office named in the answer why, or have the document filed instead.",
            "回答した情報提供者の窓口に理由を確かめるか、代わりに書類の提出を求めてください。",
            "番号法22条1項",
        ),
    }
)
