"""Brings papers to a desk in an institution's name, past its gateway: for replays, forgeries and the like.

Whoever holds an institution's keys can do this; the desks must withstand it.
"""

import time
from dataclasses import replace

import msgspec

from kumihimo.base import Problem
from kumihimo.cli.demo.stage import now_ms
from kumihimo.cli.running import Running
from kumihimo.exchange import Signed, Slip, StampRequest, slip_codec, stamp_request
from kumihimo.messages import http, jws
from kumihimo.node import Transport

_JSON = "application/json"
_LIFE_SECONDS = 60
_TIMEOUT = 15.0


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
    transport = Transport()
    raw = await transport.post(uri, headers, body, _TIMEOUT)
    await transport.close()
    if isinstance(raw, Problem):
        return raw
    fault = http.verify_response(
        status=raw.status,
        headers=raw.headers,
        body=raw.body,
        request_signature=http.signature_of(headers),
        key=nation.directory[to].sign_key,
        keyid=to,
        now=int(time.time()),
    )
    if fault is not None:
        return fault
    return raw.body if raw.status < 300 else Problem.from_document(msgspec.json.decode(raw.body))
