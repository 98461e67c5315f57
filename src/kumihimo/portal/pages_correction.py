"""Saying that a record is wrong: a form, a second look, and the way to the ledger (番号法31条).

What the person writes stands in the form and in the sealed texts, and nowhere at the portal.
"""

import re
from dataclasses import dataclass, field

from litestar import get, post
from litestar.datastructures import FormMultiDict

from kumihimo.exchange import MOST_CHARACTERS, Wrong, new_tx
from kumihimo.ledger.reading import WRONGS, Story
from kumihimo.node.pages import PageController, PageRequest, PageResponse
from kumihimo.portal.front import Front, Visit, front_of
from kumihimo.portal.service import Complaint

_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form so far; `name` keeps a request sent twice from being two requests."""

    name: str
    wrong: Wrong | None
    text: str = field(repr=False)

    @classmethod
    def of(cls, form: FormMultiDict) -> "Draft":
        """Read a form; line ends as browsers send them count once."""
        name, wrong, text = (str(form.get(key, "")) for key in ("name", "wrong", "text"))
        text = "\n".join(text.split("\r\n")).strip()
        return cls(
            name if _NAME.fullmatch(name) else new_tx().hex(), Wrong(wrong) if wrong in Wrong else None, text
        )

    @property
    def fault(self) -> str:
        """What is missing before it can be sent, as a word for the page; empty when nothing is."""
        if self.wrong is None:
            return "wrong"
        if not self.text:
            return "text"
        return "long" if len(self.text) > MOST_CHARACTERS else ""


class CorrectionPages(PageController):
    """The three pages of a request for correction."""

    path = "/correction"

    @get("/{tx:str}")
    async def begin(self, request: PageRequest, tx: str) -> PageResponse:
        """The form about one record that was shown in this visit."""
        front, visit, story = _about(request, tx)
        if visit is None or story is None:
            return front.site.go("")
        return _form(front, request, visit, story, Draft(new_tx().hex(), None, ""))

    @post("/{tx:str}/check")
    async def check(self, request: PageRequest, tx: str) -> PageResponse:
        """Show what will be sent, and to whom; nothing is sent yet."""
        front, visit, story = _about(request, tx)
        if visit is None or story is None:
            return front.site.go("")
        form = await request.form()
        draft = Draft.of(form)
        if draft.wrong is None or draft.fault or "back" in form:
            return _form(front, request, visit, story, draft, fault="" if "back" in form else draft.fault)
        told, wrong = front.teller.tell(story), WRONGS[draft.wrong]
        return front.page(request, "correction_check.html", visit, one=told, draft=draft, wrong=wrong)

    @post("/{tx:str}")
    async def send(self, request: PageRequest, tx: str) -> PageResponse:
        """Send it, and look again so that the progress is seen."""
        front, visit, story = _about(request, tx)
        if visit is None or story is None:
            return front.site.go("")
        draft = Draft.of(await request.form())
        if draft.wrong is None or draft.fault:
            return _form(front, request, visit, story, draft, fault=draft.fault)
        complaint = Complaint(
            name=bytes.fromhex(draft.name),
            disclosure=visit.disclosure,
            record=story.asked,
            wrong=draft.wrong,
            text=draft.text,
            time=front.now(),
        )
        problem = await front.portal.correct(complaint) or await front.look(visit)
        if problem is not None:
            return front.site.refusal(request, problem)
        return front.site.go(f"correction/{tx}/sent")

    @get("/{tx:str}/sent")
    async def sent(self, request: PageRequest, tx: str) -> PageResponse:
        """Said once more that it was sent, and how it stands."""
        front, visit, story = _about(request, tx)
        if visit is None or story is None:
            return front.site.go("")
        return front.page(request, "correction_sent.html", visit, one=front.teller.tell(story))


def _about(request: PageRequest, tx: str) -> tuple[Front, Visit | None, Story | None]:
    """The visit and the record a page is about; a person's own look is no record to correct."""
    front = front_of(request)
    visit = front.visit(request)
    story = visit.story(tx) if visit else None
    return front, visit, None if story is None or story.own else story


def _form(
    front: Front, request: PageRequest, visit: Visit, story: Story, draft: Draft, fault: str = ""
) -> PageResponse:
    return front.page(
        request,
        "correction.html",
        visit,
        one=front.teller.tell(story),
        draft=draft,
        fault=fault,
        wrongs=[(wrong.value, words) for wrong, words in WRONGS.items()],
        most=MOST_CHARACTERS,
    )
