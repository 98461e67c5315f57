"""The transport gives a whole answer or says why not, whatever is at the other end."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kumihimo.base import ErrorType, Problem
from kumihimo.node import transport as module
from kumihimo.node.transport import Raw, Transport

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nSignature: a\r\n\r\nhi"


@asynccontextmanager
async def server(*answers, tls=None):
    """Gives each request the next answer (None: hang, b"": hang up); yields transport, address and peers."""
    left, peers = list(answers), []

    async def serve(reader, writer):
        peers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])
                await reader.readexactly(size)
                answer = left.pop(0)
                if answer is None:
                    await asyncio.sleep(30)
                if not answer:
                    break
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    transport = Transport()
    port = listening.sockets[0].getsockname()[1]
    yield transport, f"http{'s' if tls else ''}://127.0.0.1:{port}/x", peers
    await transport.close()
    listening.close()
    for peer in peers:
        peer.close()


async def ask(transport, url, seconds=2.0):
    return await transport.post(url, {"a": "b"}, b"{}", seconds)


async def test_one_connection_serves_many_requests_in_turn():
    async with server(OK, OK, OK) as (transport, url, peers):
        for _ in range(3):
            assert await ask(transport, url) == Raw(200, {"signature": "a"}, b"hi")
        assert len(peers) == 1


async def test_requests_at_once_have_a_connection_each():
    async with server(*[OK] * 8) as (transport, url, peers):
        assert {(await one).body for one in [asyncio.create_task(ask(transport, url)) for _ in range(8)]} == {
            b"hi"
        }
        assert 1 < len(peers) <= 8


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "connection closed"),
        (b"garbage\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 40_000, "the answer's headers are too long"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nh", "no answer in time"),
        (None, "no answer in time"),
    ],
    ids=["hang up", "garbage", "length", "headers", "truncated", "silent"],
)
async def test_no_whole_answer_is_provider_unavailable(answer, reason):
    async with server(answer, OK) as (transport, url, peers):
        problem = await ask(transport, url, 0.2)
        assert isinstance(problem, Problem)
        assert (problem.type, problem.detail) == (ErrorType.PROVIDER_UNAVAILABLE, reason)
        assert await ask(transport, url) == Raw(200, {"signature": "a"}, b"hi")
        assert len(peers) == 2


async def test_an_answer_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(module, "ANSWER_LIMIT", 1000)
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"100\r\n" + b"x" * 256 + b"\r\n"
    async with server(chunked + (b"100\r\n" + b"x" * 256 + b"\r\n") * 9) as (transport, url, _):
        assert (await ask(transport, url)).detail == "the answer is too long"


async def test_nobody_at_the_address_is_provider_unavailable():
    assert (await ask(Transport(), "http://127.0.0.1:9/x")).type is ErrorType.PROVIDER_UNAVAILABLE


async def test_a_header_that_comes_twice_reads_as_a_list():
    twice = b"HTTP/1.1 200 OK\r\nsignature: a\r\nSIGNATURE: b\r\ncontent-length: 0\r\n\r\n"
    async with server(twice) as (transport, url, _):
        assert (await ask(transport, url)).headers == {"signature": "a, b"}


async def test_more_than_was_asked_for_closes_the_connection():
    async with server(OK + OK, OK) as (transport, url, peers):
        assert (await ask(transport, url)).body == b"hi"
        await asyncio.sleep(0.01)
        assert (await ask(transport, url)).body == b"hi"
        assert len(peers) == 2


async def test_a_connection_the_server_ends_is_not_used_again():
    ends = OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    async with server(ends, OK) as (transport, url, peers):
        assert [(await ask(transport, url)).body for _ in range(2)] == [b"hi", b"hi"]
        assert len(peers) == 2


async def test_a_request_that_is_given_up_takes_its_connection_with_it():
    async with server(None, OK) as (transport, url, peers):
        asking = asyncio.create_task(ask(transport, url, 20))
        await asyncio.sleep(0.05)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert (await ask(transport, url)).body == b"hi"
        assert len(peers) == 2


async def test_too_many_requests_to_one_address_are_refused(monkeypatch):
    monkeypatch.setattr(module, "IN_FLIGHT", 2)
    async with server(*[OK] * 3) as (transport, url, _):
        answers = await asyncio.gather(*(ask(transport, url) for _ in range(3)))
        assert [isinstance(answer, Raw) for answer in answers] == [True, True, False]
        assert answers[2].type is ErrorType.BUSY


def certificate(folder):
    """A certificate for this machine, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kumihimo test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "tls.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


async def test_tls_is_spoken_with_a_certificate_that_is_trusted_only(tmp_path, monkeypatch):
    path = certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(path)
    async with server(OK, tls=tls) as (transport, url, _):
        assert (await ask(transport, url)).type is ErrorType.PROVIDER_UNAVAILABLE
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    async with server(OK, tls=tls) as (transport, url, _):
        assert (await ask(transport, url)).body == b"hi"
