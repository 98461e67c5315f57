"""Brings papers to a desk in an institution's name, past its gateway: for replays, forgeries and the like.

Whoever holds an institution's keys can do this; the desks must withstand it.
"""

import time
from dataclasses import replace
from datetime import timedelta

import msgspec
from pyreqwest.client import ClientBuilder

from kumihimo.base import Problem
from kumihimo.cli.demo.stage import now_ms
from kumihimo.cli.running import Running
from kumihimo.exchange import Signed, Slip, StampRequest, slip_codec, stamp_request
from kumihimo.messages import http, jws

_JSON = "application/json"
_LIFE_SECONDS = 60
_TIMEOUT = timedelta(seconds=15)


def sign_slip(nation: Running, slip: Slip) -> Signed:
    """Sign a slip with the key of the institution it names as its sender."""
    body, institution = slip_codec.encode(slip), slip.sender.institution
    return Signed(body=body, jws=jws.sign_detached(body, nation.keys(institution).sign, institution))


def renewed(slip: Slip, tx: bytes) -> Slip:
    """The same slip under another transaction name, made now."""
    now = now_ms()
    return replace(slip, tx=tx, time=now, expires=now + _LIFE_SECONDS * 1000)


async def bring_to_operator(nation: Running, sender: str, slip: Signed, tx: bytes) -> bytes | Problem:
    """Bring a slip to the first operator's desk; give the stamp or the refusal."""
    return await bring(nation, sender, "digital", "stamp", stamp_request.write(StampRequest(slip=slip)), tx)


async def bring(nation: Running, sender: str, to: str, path: str, body: bytes, tx: bytes) -> bytes | Problem:
    """Bring a signed message to a desk as `sender`; give the answer or refusal, its signature verified."""
    uri = f"{nation.settings(to).base_url}/x/{path}"
    now = int(time.time())
    headers = http.sign_request(
        method="POST",
        target_uri=uri,
        body=body,
        content_type=_JSON,
        key=nation.keys(sender).sign,
        keyid=sender,
        nonce=tx.hex(),
        created=now,
        expires=now + _LIFE_SECONDS,
    )
    async with ClientBuilder().timeout(_TIMEOUT).http1_only().build() as client:
        response = await client.post(uri).headers(headers).body_bytes(body).build().send()
        answer = bytes(await response.bytes())
    fault = http.verify_response(
        status=response.status,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=answer,
        request_signature=http.signature_of(headers),
        key=nation.directory[to].sign_key,
        keyid=to,
        now=int(time.time()),
    )
    if fault is not None:
        return fault
    return answer if response.status < 300 else Problem.from_document(msgspec.json.decode(answer))
