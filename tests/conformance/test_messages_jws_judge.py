"""Detached evidence recomputed from RFC 7515, RFC 7797 and RFC 8037 with nothing of ours."""

import base64
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from kumihimo.messages import SigningKey, jws


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=400))
def test_a_judge_verifies_our_evidence(seed, payload):
    key = SigningKey.from_seed(seed)
    header, middle, signature = jws.sign_detached(payload, key, "jp:judge/1").split(".")
    assert json.loads(unb64(header)) == {"alg": "EdDSA", "b64": False, "crit": ["b64"], "kid": "jp:judge/1"}
    assert middle == ""
    Ed25519PublicKey.from_public_bytes(key.verify_key.raw).verify(
        unb64(signature), header.encode() + b"." + payload
    )


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=400))
def test_we_verify_the_evidence_of_a_judge(seed, payload):
    header = b64(b'{"alg":"EdDSA","b64":false,"crit":["b64"],"kid":"judge"}')
    signature = b64(Ed25519PrivateKey.from_private_bytes(seed).sign(header.encode() + b"." + payload))
    keys = {"judge": SigningKey.from_seed(seed).verify_key}
    assert jws.verify_detached(payload, f"{header}..{signature}", keys.get) == "judge"
