"""Signed HTTP between institutions hosted in one process, over a real socket."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from node_echo import nonce, two_institutions
from node_parties import until

from kumihimo.base import ErrorType, Problem, system_clock
from kumihimo.messages import http as signatures
from kumihimo.node import Answered, Reply, Room, hosting
from kumihimo.node.http import BODY_LIMIT

pytestmark = pytest.mark.usefixtures("echo_has_no_tables")


@pytest.mark.parametrize("near", [False, True], ids=["by socket", "in one process"])
async def test_one_institution_asks_another_and_knows_who_answered(ground, near):
    async with two_institutions(ground, near=near) as (asker, _):
        tx = nonce()
        answer = await asker.client.post("other", "echo", b"x" * 1000, nonce=tx, timeout=5)
        assert isinstance(answer, Answered)
        assert msgspec.json.decode(answer.body) == {"from": "asker", "nonce": tx, "n": 1000}


@pytest.mark.parametrize("near", [False, True], ids=["by socket", "in one process"])
async def test_many_requests_at_once_are_each_answered(ground, near):
    async with two_institutions(ground, near=near) as (asker, other):
        sizes = range(200)
        answers = await asyncio.gather(
            *(
                (asker, other)[n % 2].client.post(
                    ("other", "asker")[n % 2], "echo", b"x" * n, nonce=nonce(), timeout=10
                )
                for n in sizes
            )
        )
        assert [msgspec.json.decode(answer.body)["n"] for answer in answers] == list(sizes)


async def test_a_refusal_of_the_other_side_arrives_as_its_problem(ground):
    async with two_institutions(ground) as (asker, _):
        answer = await asker.client.post("other", "refuse", b"{}", nonce=nonce(), timeout=5)
        assert isinstance(answer, Problem)
        assert (answer.type, answer.detail) == (ErrorType.NO_RECORD, "nobody of that code")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"busy", ErrorType.BUSY),
        (b"away", ErrorType.PROVIDER_UNAVAILABLE),
        (b"bug", ErrorType.UNKNOWN),
    ],
)
async def test_a_fault_of_the_other_side_is_typed_and_tells_no_data(ground, body, expected, capsys):
    async with two_institutions(ground) as (asker, _):
        answer = await asker.client.post("other", "fail", body, nonce=nonce(), timeout=5)
        assert isinstance(answer, Problem)
        assert answer.type is expected
        told = capsys.readouterr()
        assert "123456789012" not in repr(answer) + told.out + told.err
        assert expected is not ErrorType.UNKNOWN or (answer.reference and answer.reference in told.out)


async def test_a_directory_without_the_service_asked_for_is_typed(ground):
    async with two_institutions(ground) as (asker, _):
        answer = await asker.client.post("other", "service", b"{}", nonce=nonce(), timeout=5)
        assert answer.type is ErrorType.PROVIDER_UNAVAILABLE


async def test_an_unknown_path_and_an_unknown_institution_are_refused(ground):
    async with two_institutions(ground) as (asker, _):
        assert (
            await asker.client.post("other", "none", b"{}", nonce=nonce(), timeout=5)
        ).type is ErrorType.NOT_FOUND
        unknown = await asker.client.post("nobody", "echo", b"{}", nonce=nonce(), timeout=5)
        assert unknown.type is ErrorType.INSTITUTION_UNKNOWN


@pytest.mark.parametrize("near", [False, True], ids=["by socket", "in one process"])
async def test_a_body_of_one_mebibyte_passes_and_one_byte_more_is_too_large(ground, near):
    async with two_institutions(ground, near=near) as (asker, _):
        fits = await asker.client.post("other", "echo", bytes(BODY_LIMIT), nonce=nonce(), timeout=20)
        assert isinstance(fits, Answered)
        above = await asker.client.post("other", "echo", bytes(BODY_LIMIT + 1), nonce=nonce(), timeout=20)
        assert above.type is ErrorType.TOO_LARGE


@pytest.mark.parametrize("near", [False, True], ids=["by socket", "in one process"])
async def test_a_suspended_institution_is_refused_and_let_in_again(ground, near):
    async with two_institutions(ground, near=near) as (asker, other):
        ground.publish(suspended={"asker": "incident 1"})
        await until(lambda: "asker" in other.directory.current.oversight.suspended)
        answer = await asker.client.post("other", "echo", b"{}", nonce=nonce(), timeout=5)
        assert answer.type is ErrorType.INSTITUTION_SUSPENDED
        ground.publish()
        await until(lambda: not other.directory.current.oversight.suspended)
        assert isinstance(await asker.client.post("other", "echo", b"{}", nonce=nonce(), timeout=5), Answered)


async def test_an_institution_without_a_directory_in_force_answers_nobody(ground):
    async with two_institutions(ground) as (asker, other):
        other.directory.set(
            replace(other.directory.current, expires=datetime.now(UTC) - timedelta(seconds=1))
        )
        answer = await asker.client.post("other", "echo", b"{}", nonce=nonce(), timeout=5)
        assert answer.type is ErrorType.PROVIDER_UNAVAILABLE


async def test_a_clock_that_is_five_minutes_off_is_told_so(ground):
    async with two_institutions(ground) as (asker, _):
        for minutes in (5, -5):
            asker.client._clock = lambda minutes=minutes: system_clock() + timedelta(minutes=minutes)
            answer = await asker.client.post("other", "echo", b"{}", nonce=nonce(), timeout=5)
            assert answer.type is ErrorType.CLOCK_SKEW


async def test_an_institution_that_is_down_is_provider_unavailable(ground):
    async with two_institutions(ground) as (asker, _):
        entry = asker.directory.current.entries["other"]
        away = {"other": replace(entry, base_url="http://127.0.0.1:9/other")}
        asker.directory.set(replace(asker.directory.current, entries=away))
        answer = await asker.client.post("other", "echo", b"{}", nonce=nonce(), timeout=2)
        assert answer.type is ErrorType.PROVIDER_UNAVAILABLE


async def test_an_answer_signed_by_somebody_else_is_refused(ground):
    async with two_institutions(ground) as (asker, _):
        entries = dict(asker.directory.current.entries)
        entries["other"] = replace(entries["other"], sign_key=entries["asker"].sign_key)
        asker.directory.set(replace(asker.directory.current, entries=entries))
        answer = await asker.client.post("other", "echo", b"{}", nonce=nonce(), timeout=5)
        assert answer.type is ErrorType.SIGNATURE_INVALID


def signed_headers(institution, uri, body, **changes):
    now = int(datetime.now(UTC).timestamp())
    given = {
        "method": "POST",
        "target_uri": uri,
        "body": body,
        "content_type": "application/json",
        "key": institution.keys.sign,
        "keyid": institution.settings.id,
        "nonce": nonce(),
        "created": now,
        "expires": now + 60,
    }
    return signatures.sign_request(**(given | changes))


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (lambda headers, body: (headers, body + b" "), ErrorType.SIGNATURE_INVALID),
        (lambda headers, body: ({}, body), ErrorType.SIGNATURE_INVALID),
        (lambda headers, body: (headers | {"signature": "garbage"}, body), ErrorType.MALFORMED),
        (
            lambda headers, body: (headers | {"signature-input": 'kumihimo=("@method")'}, body),
            ErrorType.MALFORMED,
        ),
        (lambda headers, body: (headers | {"content-type": "text/plain"}, body), ErrorType.SIGNATURE_INVALID),
        (lambda headers, body: ([*headers.items(), ("Signature", "x")], body), ErrorType.MALFORMED),
    ],
    ids=["body", "unsigned", "signature", "input", "type", "twice"],
)
async def test_a_message_that_was_changed_gets_its_typed_and_signed_refusal(ground, tamper, expected):
    async with two_institutions(ground) as (asker, other):
        uri = f"{other.settings.base_url}/x/echo"
        sent = signed_headers(asker, uri, b"{}")
        headers, body = tamper(sent, b"{}")
        async with httpx.AsyncClient() as client:
            answer = await client.post(uri, headers=headers, content=body)
        document = answer.json()
        assert document["type"] == f"urn:kumihimo:error:{expected}"
        assert answer.status_code == document["status"] >= 400
        refused = signatures.verify_response(
            status=answer.status_code,
            headers=answer.headers,
            body=answer.content,
            request_signature=signatures.signature_of(dict(headers) if isinstance(headers, dict) else sent),
            key=other.keys.sign.verify_key,
            keyid="other",
            now=int(datetime.now(UTC).timestamp()),
        )
        assert refused is None or isinstance(headers, list)


async def test_a_request_changed_in_any_byte_is_refused_and_never_a_fault(ground):
    chance = random.Random(20260614)
    async with two_institutions(ground) as (asker, other), httpx.AsyncClient() as client:
        uri = f"{other.settings.base_url}/x/echo"
        body = b'{"from":"asker"}'
        headers = signed_headers(asker, uri, body)
        assert (await client.post(uri, headers=headers, content=body)).status_code == 200
        for _ in range(200):
            changed, content = dict(headers), bytearray(body)
            name = chance.choice([*headers, "body"])
            if name == "body":
                content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            else:
                at, letter = chance.randrange(len(changed[name])), chr(chance.randrange(33, 127))
                changed[name] = changed[name][:at] + letter + changed[name][at + 1 :]
            if (changed, bytes(content)) == (headers, body):
                continue
            answer = await client.post(uri, headers=changed, content=bytes(content))
            kind = answer.json()["type"].removeprefix("urn:kumihimo:error:")
            assert kind in {
                "malformed",
                "signature-invalid",
                "institution-unknown",
                "expired",
                "clock-skew",
            }, (name, changed)


async def test_a_message_for_another_path_or_institution_does_not_pass(ground):
    async with two_institutions(ground) as (asker, other):
        headers = signed_headers(asker, f"{other.settings.base_url}/x/refuse", b"{}")
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{other.settings.base_url}/x/echo", headers=headers, content=b"{}")
            assert answer.json()["type"].endswith("signature-invalid")
            stray = await client.post(f"http://127.0.0.1:{ground.port}/nobody/x/echo", content=b"{}")
            assert stray.status_code == 404


async def test_open_resources_prefixes_and_pages_are_found(ground):
    async with two_institutions(ground) as (asker, _), httpx.AsyncClient() as client:
        base = asker.settings.base_url
        assert (await client.get(f"{base}/o/shown/a/b")).text == "shown/a/b"
        assert (await client.get(f"{base}/o/none")).json()["type"].endswith("not-found")
        assert (await client.post(f"{base}/o/health", content=b"")).status_code == 404
        assert (await client.get(f"{base}/anything")).text == "asker"
        checkpoint = await client.get(f"{base}/o/log/checkpoint")
        assert checkpoint.text.startswith("kumihimo.example/asker\n0\n")
        assert (await client.get(f"{base}/o/log/tile/0/000")).status_code == 404
        metrics = (await client.get(f"{base}/o/metrics")).text
        assert 'kumihimo_requests_total{plane="o",status="200"}' in metrics
        assert "kumihimo_directory_serial 1.0" in metrics


async def test_the_directory_is_served_with_its_serial_as_tag(ground):
    async with two_institutions(ground) as (asker, _), httpx.AsyncClient() as client:
        url = f"{asker.settings.base_url}/o/directory"
        first = await client.get(url)
        assert first.content == ground.directory_file.read_bytes()
        again = await client.get(url, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def speak(ground, data, *, pause=0.0):
    reader, writer = await asyncio.open_connection("127.0.0.1", ground.port)
    writer.write(data)
    await writer.drain()
    if pause:
        await asyncio.sleep(pause)
        writer.close()
        return b""
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


async def test_garbage_instead_of_http_gets_a_typed_problem(ground):
    async with two_institutions(ground):
        answer = await speak(ground, b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"urn:kumihimo:error:malformed" in answer


async def test_endless_headers_are_refused(ground):
    async with two_institutions(ground):
        lines = b"".join(b"x-%d: %s\r\n" % (n, b"a" * 1000) for n in range(40))
        answer = await speak(ground, b"POST /asker/x/echo HTTP/1.1\r\nhost: a\r\n" + lines)
        assert b"urn:kumihimo:error:malformed" in answer


async def test_a_truncated_body_harms_nobody(ground):
    async with two_institutions(ground) as (asker, _):
        head = b"POST /other/x/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"
        await speak(ground, head, pause=0.05)
        assert isinstance(await asker.client.post("other", "echo", b"{}", nonce=nonce(), timeout=5), Answered)


async def test_a_body_or_headers_that_do_not_come_in_time_are_refused(ground, monkeypatch):
    from kumihimo.node import http, server

    monkeypatch.setattr(http, "READ_TIMEOUT", 0.2)
    monkeypatch.setattr(server, "HEADER_TIMEOUT", 0.2)
    async with two_institutions(ground):
        head = b"POST /other/x/echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 9\r\n\r\n{"
        assert b"urn:kumihimo:error:malformed" in await speak(ground, head)
        assert await speak(ground, b"POST /other/x/echo HTTP/1.1\r\nhost:") == b""
        assert await speak(ground, b"") == b""


async def test_a_message_that_never_ends_is_cut_off_after_its_answer(ground, monkeypatch):
    from kumihimo.node import http, server

    monkeypatch.setattr(http, "READ_TIMEOUT", 0.1)
    monkeypatch.setattr(server, "BODY_TIMEOUT", 0.2)
    async with two_institutions(ground):
        head = b"POST /other/x/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{"
        assert b"urn:kumihimo:error:malformed" in await speak(ground, head)


async def test_stopping_finishes_answers_in_the_making_and_leaves_no_task(ground):
    before = asyncio.all_tasks()
    started, release = asyncio.Event(), asyncio.Event()

    async def open_slow(institution):
        async def slow(message):
            started.set()
            await release.wait()
            return Reply(200, b"{}")

        return Room("echo", exchange={"slow": slow})

    settings = [await ground.institution("asker", ("echo",)), await ground.institution("other", ("echo",))]
    ground.publish()
    async with hosting(settings, rooms=lambda _: open_slow, near=False) as (asker, _):
        asking = asyncio.create_task(asker.client.post("other", "slow", b"{}", nonce=nonce(), timeout=10))
        await started.wait()
        asyncio.get_running_loop().call_later(0.2, release.set)
    assert isinstance(await asking, Answered)
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() <= before
