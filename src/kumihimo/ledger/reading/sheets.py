"""A person's records as a table and as paper: what the page shows, to keep (CSV, and PDF in A4).

No cell of the CSV is taken for a formula by a spreadsheet. The PDF names its Japanese typeface and holds none
(docs/adr/0024-paper-without-fonts.md); a character beyond that typeface's set is shown as 〓.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate

from kumihimo.ledger.model import Entry
from kumihimo.ledger.reading.telling import Told
from kumihimo.node.pages import Lang, Words, moment

CSV_TYPE, PDF_TYPE = "text/csv; charset=utf-8", "application/pdf"
_HEAD = (
    Words("日時", "Time"),
    Words("何があったか", "What happened"),
    Words("照会した機関", "Who asked"),
    Words("係", "Section"),
    Words("照会された機関", "Who was asked"),
    Words("情報の種類", "Kind of information"),
    Words("項目", "Items"),
    Words("手続の内容", "The step"),
    Words("結果", "Outcome"),
    Words("理由", "Reason"),
    Words("一括照会", "Bulk question"),
    Words("公開の延期", "Kept back by law"),
    Words("訂正の請求", "Correction"),
    Words("根拠となる法令", "Ground in law"),
    Words("取引番号", "Exchange"),
)
_STRONG, _PLAIN = "HeiseiKakuGo-W5", "HeiseiMin-W3"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is on one sheet: whose records, as of when (Unix ms), those of others, and their own requests."""

    name: str = field(repr=False)
    read_at: int
    told: Sequence[Told] = field(repr=False)
    own: Sequence[tuple[Entry, Words]] = field(repr=False)
    lang: Lang

    def csv(self) -> bytes:
        """The records as a table: UTF-8 with a byte order mark, one line an event, lines ending in CR LF."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([words(self.lang) for words in _HEAD])
        for one in self.told:
            writer.writerow([_cell(each) for each in self._row(one)])
        for entry, who in self.own:
            empty = [""] * (len(_HEAD) - 4)
            row = [moment(entry.time, self.lang), self._own(), who(self.lang), *empty, entry.tx]
            writer.writerow([_cell(each) for each in row])
        return b"\xef\xbb\xbf" + text.getvalue().encode()

    def pdf(self) -> bytes:
        """The records as pages of A4."""
        for typeface in (_STRONG, _PLAIN):
            registerFont(UnicodeCIDFont(typeface))
        title = "だれが、わたしの情報を見たか" if self.lang is Lang.JA else "Who looked at my data"
        out = io.BytesIO()
        page = SimpleDocTemplate(
            out,
            pagesize=A4,
            leftMargin=18 * mm,
            rightMargin=18 * mm,
            topMargin=16 * mm,
            bottomMargin=18 * mm,
            title=title,
            lang=self.lang.value,
        )
        whose = f"{self.name} 様" if self.lang is Lang.JA else self.name
        as_of = Words(f"{moment(self.read_at, Lang.JA)} 現在", f"As of {moment(self.read_at, Lang.EN)}")
        story = [_text(title, 16), _text(whose, 12), _text(as_of(self.lang), 9)]
        story += [KeepTogether(self._block(number, one)) for number, one in enumerate(self.told, 1)]
        story += [
            _text(f"{moment(entry.time, self.lang)}　{self._own()}　{who(self.lang)}", 9)
            for entry, who in self.own
        ]
        page.build(story, onFirstPage=_numbered, onLaterPages=_numbered)
        return out.getvalue()

    def _block(self, number: int, one: Told) -> list[Paragraph]:
        lang = self.lang
        marks = "　".join(words for words in (one.ending(lang), self._mark(one)) if words)
        lines = {
            Words("係", "Section"): one.office,
            Words("手続の内容", "The step"): one.step,
            Words("項目", "Items"): "、".join(item(lang) for item in one.items),
            Words("理由", "Reason"): self._reason(one),
            Words("訂正", "Correction"): self._corrections(one),
            Words("法令", "Law"): one.citation,
            Words("取引番号", "Exchange"): one.tx,
        }
        head = f"{number}. {moment(one.when, lang)}　{marks}"
        return [
            _text(head, 9, above=10),
            _text(one.sentence(lang), 11),
            *(_text(f"{words(lang)}: {value}", 8.5) for words, value in lines.items() if value),
        ]

    def _row(self, one: Told) -> list[str]:
        lang = self.lang
        yes = Words("はい", "yes")(lang)
        return [
            moment(one.when, lang),
            one.sentence(lang),
            one.who(lang),
            one.office,
            one.whom(lang),
            one.information(lang),
            "、".join(item(lang) for item in one.items),
            one.step,
            one.ending(lang),
            self._reason(one),
            yes if one.story.bulk else "",
            (one.ground or yes) if one.story.released else "",
            self._corrections(one),
            one.citation,
            one.tx,
        ]

    def _reason(self, one: Told) -> str:
        if one.reason is None or one.state != "refused":
            return ""
        return one.reason.title_ja if self.lang is Lang.JA else one.reason.title

    def _mark(self, one: Told) -> str:
        marks = [Words("一括照会", "Bulk question")] if one.story.bulk else []
        if one.story.released:
            marks.append(Words("法律により公開が延期されていた記録", "Kept back by law until now"))
        return "　".join(words(self.lang) for words in marks)

    def _corrections(self, one: Told) -> str:
        asked = Words("訂正を請求", "correction asked for")(self.lang)
        return " / ".join(
            f"{asked} {moment(each.when, self.lang)}: "
            + "、".join(f"{holder.name(self.lang)} {holder.words(self.lang)}" for holder in each.holders)
            for each in one.corrections
        )

    def _own(self) -> str:
        return Words("あなた自身の請求で開示しました", "shown to you at your own request")(self.lang)


def _cell(text: str) -> str:
    """A cell no spreadsheet runs: what could begin a formula is put behind an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(text: str, size: float, above: float = 0) -> Paragraph:
    typeface = _STRONG if size > 9 else _PLAIN
    style = ParagraphStyle(
        "text", fontName=typeface, fontSize=size, leading=size * 1.5, spaceBefore=above, wordWrap="CJK"
    )
    known = "".join(each if ord(each) < 0x10000 else "〓" for each in text)
    return Paragraph(escape(known), style)


def _numbered(canvas: Canvas, page: SimpleDocTemplate) -> None:
    canvas.setFont(_PLAIN, 8)
    canvas.drawCentredString(A4[0] / 2, 10 * mm, str(page.page))
