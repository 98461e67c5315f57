"""Asking in four steps: the person, the procedure, the question the law allows, and the items."""

from collections.abc import Mapping

from litestar import get, post
from litestar.datastructures import FormMultiDict

from kumihimo.base import ErrorType, Problem
from kumihimo.exchange.desk_people import MOST
from kumihimo.exchange.desk_run import ask_all, people_of_run
from kumihimo.exchange.desk_values import label
from kumihimo.exchange.desk_visit import Desk, DeskController, desk_of
from kumihimo.exchange.inquirer import Question
from kumihimo.exchange.office import ask
from kumihimo.exchange.questions import (
    Asked,
    Candidate,
    affairs,
    find_candidate,
    find_procedure,
    pieces,
    plain,
    search,
)
from kumihimo.exchange.slip import Conditions, Mark
from kumihimo.law import Procedure
from kumihimo.node.pages import PageRequest, PageResponse, read_day


class AskPages(DeskController):
    """The way from a person to an answer."""

    path = "/desk"

    @get("/person")
    async def person(self, request: PageRequest) -> PageResponse:
        """Step 1: look for the person among those this institution knows."""
        desk = desk_of(request)
        visit = desk.seated(request)
        found, birth = None, read_day(visit.birth)
        unread = bool(visit.birth) and birth is None
        if visit.searched and not unread:
            async with desk.gateway.institution.db.read() as conn:
                found = await desk.people.find(conn, visit.words, birth)
        return desk.page(
            request,
            "desk_person.html",
            found=found,
            most=MOST,
            by_name=desk.people.by_name,
            unread=unread,
            visit=visit,
        )

    @post("/person/search")
    async def look_for(self, request: PageRequest) -> PageResponse:
        """Remember who is looked for, in the visit and not in the address."""
        desk = desk_of(request)
        visit, form = desk.seated(request), await request.form()
        visit.words, visit.birth, visit.searched = text(form, "words"), text(form, "birth"), True
        return desk.site.go("desk/person")

    @post("/person")
    async def choose(self, request: PageRequest) -> PageResponse:
        """Choose the person and go on to the procedure."""
        desk = desk_of(request)
        visit, subject = desk.seated(request), text(await request.form(), "subject")
        visit.person = (await desk.names([subject])).get(subject)
        return desk.site.go("desk/procedure" if visit.person else "desk/person")

    @get("/procedure")
    async def procedure(self, request: PageRequest) -> PageResponse:
        """Step 2: choose the affair and the procedure; only those the law gives this institution are here."""
        desk = desk_of(request)
        visit, words = desk.seated(request), request.query_params.get("q", "")
        if visit.person is None:
            return desk.site.go("desk/person")
        every = affairs(desk.gateway.rules.law, desk.entry, desk.day)
        found = search(every, words)
        return desk.page(
            request,
            "desk_procedure.html",
            found=found,
            every=len(every),
            words=words,
            plain=plain,
            visit=visit,
        )

    @get("/question")
    async def question(self, request: PageRequest) -> PageResponse:
        """Step 3: the pieces of the procedure, and for each whom the law lets this institution ask."""
        desk = desk_of(request)
        visit, procedure = desk.seated(request), _procedure(desk, request.query_params)
        if visit.person is None:
            return desk.site.go("desk/person")
        if procedure is None:
            return desk.site.go("desk/procedure")
        return desk.page(
            request,
            "desk_question.html",
            procedure=procedure,
            asked=_asked(desk, procedure),
            plain=plain,
            visit=visit,
        )

    @get("/ask")
    async def items(self, request: PageRequest) -> PageResponse:
        """Step 4: choose the items and say as of when, then ask."""
        desk = desk_of(request)
        visit, chosen = desk.seated(request), _chosen(desk, request.query_params)
        if visit.person is None:
            return desk.site.go("desk/person")
        if chosen is None:
            return desk.site.go("desk/procedure")
        procedure, asked, candidate = chosen
        lang = desk.site.lang(request)
        labels = [(key, label(candidate.layout, key, lang)) for key in candidate.items]
        return desk.page(
            request,
            "desk_ask.html",
            procedure=procedure,
            asked=asked,
            candidate=candidate,
            labels=labels,
            plain=plain,
            visit=visit,
        )

    @post("/ask")
    async def send(self, request: PageRequest) -> PageResponse:
        """Ask now, and wait for the answer; a refusal before any answer is shown in plain words."""
        desk = desk_of(request)
        form = await request.form()
        visit, chosen = desk.seated(request), _chosen(desk, form)
        if visit.person is None or chosen is None:
            return desk.site.go("desk/procedure")
        _, asked, candidate = chosen
        mark = _mark(form)
        if isinstance(mark, Problem):
            return desk.site.refusal(request, mark, "desk/procedure")
        items = tuple(str(one) for one in form.getall("items", []))
        question = Question(
            subject=visit.person.subject,
            to=candidate.provider.id,
            permission=candidate.row.id,
            information=candidate.layout.information,
            items=items,
            piece=asked.piece.reference,
            layout=candidate.layout.version,
            conditions=Conditions(**{name: text(form, name) or None for name in ("as_of", "since", "until")}),
            case=text(form, "case"),
            office=visit.clerk.office.ja,
            operator=visit.clerk.ref,
            mark=mark,
        )
        people = people_of_run(text(form, "others"), question.subject)
        if isinstance(people, Problem):
            return desk.site.refusal(request, people, "desk/procedure")
        if len(people) > 1:
            visit.run = await ask_all(desk.gateway, question, people)
            return desk.site.go("desk/run")
        given = await ask(desk.gateway, question)
        if isinstance(given, Problem):
            return desk.site.refusal(request, given, "desk/procedure")
        return desk.site.go(f"desk/inquiries/{given.tx}")

    @get("/run")
    async def last_run(self, request: PageRequest) -> PageResponse:
        """What came of the last run of this visit: each person, with the answer or the refusal."""
        desk = desk_of(request)
        visit = desk.seated(request)
        if not visit.run:
            return desk.site.go("desk")
        names = await desk.names(line.subject for line in visit.run)
        return desk.page(request, "desk_run.html", run=visit.run, names=names)


def text(form: FormMultiDict | Mapping[str, object], name: str) -> str:
    """A text field of a form, without spaces around it."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _mark(form: FormMultiDict) -> Mark | Problem | None:
    ground, until = text(form, "withhold_ground"), read_day(text(form, "withhold_until"))
    if not ground and not until:
        return None
    if ground and until:
        return Mark(ground=ground, until=until.isoformat())
    return Problem(
        ErrorType.MALFORMED,
        detail="to withhold the fact of this inquiry, give both the ground and the last day",
        detail_ja="照会の事実を不開示にするときは、根拠と期限の両方を入力してください。",
    )


def _procedure(desk: Desk, choice: Mapping[str, object]) -> Procedure | None:
    return find_procedure(desk.gateway.rules.law, text(choice, "article"), text(choice, "no") or None)


def _asked(desk: Desk, procedure: Procedure) -> tuple[Asked, ...]:
    directory = desk.gateway.institution.directory.current
    return pieces(desk.gateway.rules, directory, desk.entry, procedure, desk.day)


def _chosen(desk: Desk, choice: Mapping[str, object]) -> tuple[Procedure, Asked, Candidate] | None:
    procedure = _procedure(desk, choice)
    if procedure is None:
        return None
    names = ("piece", "row", "to", "information")
    found = find_candidate(_asked(desk, procedure), {name: text(choice, name) for name in names})
    return (procedure, *found) if found else None
