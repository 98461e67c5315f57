"""Nobody gets past the pages: forms from elsewhere, ended visits, other institutions' cookies."""

import json
import re

import httpx
import pytest
from pages_reader import Reader
from test_pages_journeys import free_people, sign_in_citizen

from kumihimo.world import Nation

pytestmark = [pytest.mark.nation]
CITY, PENSION = "muni-131016", "nenkin"


async def fetch(method: str, address: str, cookie: str = "", form: dict[str, str] | None = None):
    """One request without a browser; give status, headers and text."""
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"accept": "text/html", "cookie": cookie}
        response = await client.request(method, address, headers=headers, data=form)
        return response.status_code, response.headers.multi_items(), response.text


def cookies(headers) -> dict[str, str]:
    found = [re.match(r"([^=]+)=([^;]*)", value) for name, value in headers if name.lower() == "set-cookie"]
    return {match[1]: match[2] for match in found if match}


async def sign_in(address: str, **fields: str) -> str:
    """Sign in as a browser would; give the cookies."""
    _, headers, text = await fetch("GET", address)
    form = cookies(headers)["form"]
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', text)[1]
    root = address.rpartition("/desk")[0] or address.rstrip("/")
    status, headers, _ = await fetch(
        "POST", f"{root}/sign-in", f"form={form}", {"form_token": token, **fields}
    )
    assert status == 303
    return f"form={form}; " + "; ".join(f"{name}={value}" for name, value in cookies(headers).items())


@pytest.mark.parametrize(
    "path", ["sign-in", "sign-out", "desk/person", "desk/person/search", "desk/ask", "desk/approvals/00"]
)
async def test_a_form_from_elsewhere_is_refused_at_the_desk(nation: Nation, path: str):
    cookie = await sign_in(nation.address(CITY) + "desk", clerk="c-101")
    for token in ({}, {"form_token": "0" * 64}):
        status, _, text = await fetch(
            "POST", nation.address(CITY) + path, cookie, {"clerk": "c-101", **token}
        )
        assert status == 400
        assert "この画面以外から送信されました" in text


@pytest.mark.parametrize("path", ["sign-in", "sign-out", "look"])
async def test_a_form_from_elsewhere_is_refused_at_the_portal(nation: Nation, path: str):
    status, _, _ = await fetch("POST", nation.address("portal") + path, "form=abc", {"form_token": "0" * 64})
    assert status == 400


@pytest.mark.parametrize(
    "path", ["desk/person", "desk/procedure", "desk/inquiries", "desk/approvals", "desk/inquiries/00"]
)
async def test_who_has_not_signed_in_is_sent_to_the_sign_in(nation: Nation, path: str):
    status, headers, text = await fetch("GET", nation.address(CITY) + path)
    assert (status, text) == (303, "")
    assert dict(headers)["location"] == f"/{CITY}/desk"


async def test_a_clerks_cookie_opens_no_other_institutions_desk_and_dies_with_the_sign_out(nation: Nation):
    cookie = await sign_in(nation.address(CITY) + "desk", clerk="c-101")
    inside, _, text = await fetch("GET", nation.address(CITY) + "desk/person", cookie)
    assert inside == 200
    elsewhere, _, _ = await fetch("GET", nation.address(PENSION) + "desk/person", cookie)
    assert elsewhere == 303
    token = re.search(r'name="form_token" value="([0-9a-f]+)"', text)[1]
    await fetch("POST", nation.address(CITY) + "sign-out", cookie, {"form_token": token})
    after, _, _ = await fetch("GET", nation.address(CITY) + "desk/person", cookie)
    assert after == 303


async def test_cookies_are_bound_to_one_institution_and_no_page_is_kept(nation: Nation):
    _, headers, _ = await fetch("GET", nation.address(CITY) + "desk")
    sent = [value.lower() for name, value in headers if name.lower() == "set-cookie"]
    assert sent
    assert all(f"path=/{CITY}/" in one and "httponly" in one and "samesite=strict" in one for one in sent)
    assert dict(headers)["cache-control"] == "no-store"


async def test_an_unknown_address_and_the_office_api_keep_their_own_manners(nation: Nation):
    status, headers, text = await fetch("GET", nation.address(CITY) + "nowhere")
    assert (status, dict(headers)["content-type"].split(";")[0]) == (404, "text/html")
    assert "指定された宛先はありません" in text
    office = nation.office(CITY)
    waiting = await office.get("approvals")
    await office.close()
    assert isinstance(waiting, list)
    refused, _, _ = await fetch("GET", nation.address(CITY) + "api/approvals")
    _, _, described = await fetch("GET", nation.address(CITY) + "schema/openapi.json")
    assert refused == 401
    assert set(json.loads(described)["paths"]) >= {"/api/inquiries", "/api/acquisitions"}


async def test_the_portal_has_no_office_api(nation: Nation):
    status, _, _ = await fetch("GET", nation.address("portal") + "api/approvals")
    assert status == 404


async def test_a_person_who_is_not_on_the_list_cannot_sign_in(nation: Nation):
    _, headers, text = await fetch("GET", nation.address("portal"))
    form, token = cookies(headers)["form"], re.search(r'name="form_token" value="([0-9a-f]+)"', text)[1]
    fields = {"form_token": token, "user": "000000000000000"}
    status, headers, _ = await fetch("POST", nation.address("portal") + "sign-in", f"form={form}", fields)
    assert status == 303
    assert "citizen" not in cookies(headers)


@pytest.mark.browser
async def test_after_signing_out_the_back_button_shows_nothing_of_the_person(reader: Reader, nation: Nation):
    await sign_in_citizen(reader, nation, (await free_people(nation))[0])
    name = await reader.page.locator(".who strong").inner_text()
    await reader.press("ログアウト")
    await reader.page.get_by_text("だれとしてログインしますか").wait_for()
    await reader.turn(-1)
    assert await reader.page.locator(".who").count() == 0
    assert "だれとしてログインしますか" in await reader.text()
    assert name


@pytest.mark.browser
async def test_turning_the_page_or_the_language_is_not_another_look_on_record(reader: Reader, nation: Nation):
    query = "SELECT count(*) AS looks FROM ledger.entry WHERE kind = 'disclosed'"
    portal = await sign_in_citizen(reader, nation, (await free_people(nation))[0])
    (before,) = await nation.rows("ledger", query)
    await reader.press("English")
    await reader.go(portal + "?print=1&lang=ja")
    (after,) = await nation.rows("ledger", query)
    assert after["looks"] == before["looks"]
    await reader.press("最新の記録を確かめる")
    (again,) = await nation.rows("ledger", query)
    assert again["looks"] == before["looks"] + 1
