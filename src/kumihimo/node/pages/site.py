"""An institution's pages as one application: rendering, language, form protection, headers, faults.

Pages are whole documents made here and need no script. A page never depends on another host: styles come
from the institution itself, and the content security policy forbids everything else.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import cast
from urllib.parse import urlencode, urlsplit

import msgspec
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from litestar import Controller, Litestar, Request, Response, get
from litestar.datastructures import Cookie, State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler

from kumihimo.base import ErrorType, Problem
from kumihimo.node.client import PROBLEM_JSON
from kumihimo.node.handlers import AsgiApp, Receive, Scope, Send
from kumihimo.node.institution import Institution
from kumihimo.node.pages.words import Lang, Words, day_text, moment, yen
from kumihimo.node.telemetry import where

PageRequest = Request[object, object, State]
PageResponse = Response[str]

BODY_LIMIT = 1 << 20
_FORM_COOKIE, _LANG_COOKIE = "form", "lang"
_HTML = "text/html"
_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        b"base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
_ERRORS = {
    400: ErrorType.MALFORMED,
    401: ErrorType.UNAUTHENTICATED,
    404: ErrorType.NOT_FOUND,
    405: ErrorType.NOT_FOUND,
    413: ErrorType.TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation: a path below the institution's root, and its name."""

    path: str
    name: Words


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of one institution share; the key for form tokens lives as long as the process."""

    institution: Institution
    title: Words
    environment: Environment
    places: tuple[Place, ...] = ()
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @classmethod
    def of(
        cls,
        institution: Institution,
        title: Words,
        package: str,
        *places: Place,
        shared: Sequence[str] = (),
    ) -> "Site":
        """The pages of an institution: templates of a room, then of `shared` packages, then of the kit."""
        packages = (package, *shared, "kumihimo.node.pages")
        loader = ChoiceLoader([PackageLoader(one) for one in packages])
        environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        return cls(institution, title, environment, places)

    @property
    def root(self) -> str:
        """The path of the institution at its host, without a slash at its end."""
        return urlsplit(self.institution.settings.base_url).path

    def lang(self, request: PageRequest) -> Lang:
        """The language of a visit: asked for now, remembered, or Japanese."""
        wanted = request.query_params.get("lang") or request.cookies.get(_LANG_COOKIE)
        return Lang.EN if wanted == "en" else Lang.JA

    def cookie(self, name: str, value: str, *, seconds: int | None = None) -> Cookie:
        """A cookie of this institution only: other institutions at the same host never see it."""
        return Cookie(
            name,
            value=value,
            path=self.root + "/",
            max_age=seconds,
            httponly=True,
            samesite="strict",
            secure=self.institution.settings.base_url.startswith("https:"),
        )

    def page(self, request: PageRequest, template: str, **context: object) -> PageResponse:
        """A whole page from a template and what it needs."""
        return self.render(request, template, context)

    def render(
        self, request: PageRequest, template: str, context: Mapping[str, object], *, status: int = 200
    ) -> PageResponse:
        """The same with a status; never kept by caches, since most pages are about somebody."""
        lang, form = self.lang(request), request.cookies.get(_FORM_COOKIE, "")
        sent: list[Cookie] = []
        if not form:
            form = secrets.token_urlsafe(24)
            sent.append(self.cookie(_FORM_COOKIE, form))
        if "lang" in request.query_params:
            sent.append(self.cookie(_LANG_COOKIE, lang.value, seconds=365 * 86400))
        text = self.environment.get_template(template).render(
            {**self._frame(request, lang), "form_token": self._token(form), **context}
        )
        return Response(
            text, status_code=status, media_type=_HTML, cookies=sent, headers={"cache-control": "no-store"}
        )

    def go(self, path: str, *cookies: Cookie) -> PageResponse:
        """Send the reader on to another page of the institution, with GET."""
        headers = {"location": f"{self.root}/{path}", "cache-control": "no-store"}
        return Response("", status_code=303, media_type=_HTML, headers=headers, cookies=cookies)

    def refusal(self, request: PageRequest, problem: Problem, back: str = "") -> PageResponse:
        """A refusal as a page in plain words, in both languages, with what to do next."""
        context = {"problem": problem, "back": back}
        return self.render(request, "problem.html", context, status=problem.status)

    async def check_form(self, request: PageRequest) -> PageResponse | None:
        """Refuse a POST whose form was not made by this site for this visitor."""
        if request.method != "POST":
            return None
        given = (await request.form()).get("form_token", "")
        form = request.cookies.get(_FORM_COOKIE, "")
        if (
            form
            and isinstance(given, str)
            and hmac.compare_digest(given.encode(), self._token(form).encode())
        ):
            return None
        problem = Problem(
            ErrorType.MALFORMED,
            detail="the form is too old or comes from elsewhere; open the page again",
            detail_ja="入力画面の有効期限が切れているか、この画面以外から送信されました。画面を開き直してください。",
        )
        return self.refusal(request, problem)

    def _token(self, form: str) -> str:
        return hmac.digest(self.key, form.encode(), "sha256").hex()

    def _frame(self, request: PageRequest, lang: Lang) -> Mapping[str, object]:
        """What every template may use."""
        own = request.url.path.removeprefix(self.root).lstrip("/")
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]

        def here(**changes: str) -> str:
            query = [(name, value) for name, value in kept if name not in changes]
            return f"{self.root}/{own}?{urlencode([*query, *changes.items()])}"

        return {
            "site": self,
            "root": self.root,
            "lang": lang.value,
            "path": own,
            "here": here,
            "t": lambda ja, en: ja if lang is Lang.JA else en,
            "w": lambda words: words(lang),
            "named": lambda one: one.name if lang is Lang.JA else one.name_en,
            "day": lambda day: day_text(day, lang),
            "moment": lambda milliseconds: moment(milliseconds, lang),
            "yen": lambda amount: yen(amount, lang),
            "static": lambda name: f"{self.root}/static/{name}?v={_static()[name][1]}",
            "map_address": _map_address(self.institution),
            "signed_in": "",
            "refresh": 0,
        }


class PageController(Controller):
    """Pages of a site: every form that is posted here is checked before its handler runs."""

    include_in_schema = False

    @staticmethod
    async def before_request(request: PageRequest) -> PageResponse | None:
        """Check the form of a POST."""
        site: Site = request.app.state.site
        return await site.check_form(request)


def application(
    site: Site, handlers: Sequence[ControllerRouterHandler], state: Mapping[str, object], *, api: str = ""
) -> AsgiApp:
    """Put a site's pages together; an interface among them named by `api` is described at /schema."""

    def refused(request: PageRequest, error: HTTPException) -> Response[str] | Response[bytes]:
        return _shown(site, request, Problem(_ERRORS.get(error.status_code, ErrorType.UNKNOWN), error.detail))

    def failed(request: PageRequest, error: Exception) -> Response[str] | Response[bytes]:
        reference = secrets.token_hex(8)
        kind, at = type(error).__name__, where(error)
        site.institution.logger.error("fault", reference=reference, fault=kind, at=at, path="pages")
        return _shown(site, request, Problem(ErrorType.UNKNOWN, reference=reference))

    app = Litestar(
        route_handlers=[*handlers, static_file],
        state=State({**state, "site": site}),
        exception_handlers={HTTPException: refused, Exception: failed},
        openapi_config=_described(api) if api else None,
        logging_config=None,
        request_max_body_size=BODY_LIMIT,
    )
    return with_headers(cast(AsgiApp, app))


def problem_of(reason: str | None) -> Problem | None:
    """The refusal behind a stored reason; a reason we do not know is `unknown`."""
    if not reason:
        return None
    return Problem(ErrorType(reason) if reason in ErrorType else ErrorType.UNKNOWN)


def with_headers(app: AsgiApp) -> AsgiApp:
    """Put the security headers on every answer of an application."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(event: dict[str, object]) -> None:
            if event["type"] == "http.response.start":
                event["headers"] = [*cast(Sequence[object], event.get("headers", ())), *_HEADERS]
            await send(event)

        await app(scope, receive, cast(Callable[..., Awaitable[None]], sending))

    return wrapped


@get("/static/{name:str}", include_in_schema=False)
async def static_file(name: str) -> Response[bytes]:
    """A style sheet or picture of the kit; its address changes with its content."""
    found = _static().get(name)
    if found is None:
        raise HTTPException(status_code=404, detail="no such file")
    age = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(found[0], media_type=_TYPES[name.rpartition(".")[2]], headers=age)


@cache
def _static() -> Mapping[str, tuple[bytes, str]]:
    folder = resources.files("kumihimo.node.pages") / "static"
    files = {entry.name: entry.read_bytes() for entry in folder.iterdir()}
    return {name: (body, hashlib.sha256(body).hexdigest()[:12]) for name, body in files.items()}


def _shown(site: Site, request: PageRequest, problem: Problem) -> Response[str] | Response[bytes]:
    if _HTML in request.headers.get("accept", ""):
        return site.refusal(request, problem)
    body = msgspec.json.encode(problem.document())
    return Response(body, status_code=problem.status, media_type=PROBLEM_JSON)


def _described(title: str) -> OpenAPIConfig:
    from litestar.openapi.plugins import JsonRenderPlugin  # noqa: PLC0415 only where an API is described

    return OpenAPIConfig(title=title, version="1", render_plugins=[JsonRenderPlugin()])


def _map_address(institution: Institution) -> str:
    for entry in institution.directory.current.entries.values():
        if "disclosure" in entry.services:
            return f"{entry.base_url}/map"
    return ""
