"""Cosignatures against two other implementations of C2SP tlog-cosignature (formats, torchwood)."""

import json
import struct
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from kumihimo.base import Secret
from kumihimo.log import (
    Algorithm,
    Checkpoint,
    CosignatureVerifier,
    Cosigned,
    Cosigner,
    NoteVerifier,
    Policy,
    open_cosigned,
    read_signatures,
)
from kumihimo.log.cosign import cosigned_message, verify_lattice

VECTORS = json.loads((Path(__file__).parent / "data" / "cosignatures.json").read_text("utf-8"))
ED = VECTORS["ed25519"]
LATTICE = VECTORS["ml_dsa_44"]
SEED = Secret(b64decode(ED["seed"])[1:])
NAME = "witness.example.com/vector"


def test_a_cosigned_note_of_another_implementation_opens_with_its_published_keys():
    policy = Policy(NoteVerifier.parse(ED["log"]), (CosignatureVerifier.parse(ED["key"]),), 1)
    opened = open_cosigned(ED["text"] + "\n" + ED["log_line"] + ED["line"], policy)
    assert isinstance(opened, Cosigned)
    assert opened.checkpoint.size == 1234
    assert opened.times == {NAME: ED["time"]}


def test_its_key_makes_its_cosignature_to_the_byte():
    cosigner = Cosigner(NAME, Algorithm.COSIGNATURE_ED25519, SEED)
    assert cosigner.verifier.text == ED["key"]
    checkpoint = Checkpoint.parse(ED["text"])
    assert isinstance(checkpoint, Checkpoint)
    assert cosigner.cosign(checkpoint, ED["text"], ED["time"]).line == ED["line"]


def test_a_lattice_key_and_a_subtree_signature_of_another_implementation_verify():
    key = CosignatureVerifier.parse(LATTICE["key"])
    assert (key.name, key.key_id.hex(), key.text) == ("witness.example/w1", "7118e8f9", LATTICE["key"])
    (signature,) = read_signatures(LATTICE["line"])
    assert (signature.name, signature.key_id) == (key.name, key.key_id)
    leaves, root = (LATTICE["start"], LATTICE["end"]), b64decode(LATTICE["root"])
    message = cosigned_message(key.name, 0, LATTICE["origin"], leaves, root)
    assert verify_lattice(key.public, message, signature.value[8:])
    other = cosigned_message(key.name, 0, LATTICE["origin"], (8, 14), root)
    assert not verify_lattice(key.public, other, signature.value[8:])


def test_a_subtree_signature_is_no_cosignature_of_a_checkpoint():
    key = CosignatureVerifier.parse(LATTICE["key"])
    (signature,) = read_signatures(LATTICE["line"])
    text = Checkpoint(LATTICE["origin"], LATTICE["end"], b64decode(LATTICE["root"])).text
    assert not key.verify(text, signature.value)


def test_cryptography_verifies_what_we_cosign():
    checkpoint = Checkpoint("example.com/log", 77, bytes(range(32)))
    classical, lattice = (
        Cosigner("w.example/1", algorithm, Secret(bytes(32)))
        for algorithm in (Algorithm.COSIGNATURE_ED25519, Algorithm.COSIGNATURE_ML_DSA_44)
    )
    value = classical.cosign(checkpoint, checkpoint.text, 1_791_014_171).value
    assert struct.unpack(">Q", value[:8]) == (1_791_014_171,)
    signed = f"cosignature/v1\ntime 1791014171\n{checkpoint.text}".encode()
    Ed25519PublicKey.from_public_bytes(classical.verifier.public).verify(value[8:], signed)
    value = lattice.cosign(checkpoint, checkpoint.text, 1_791_014_171).value
    signed = (
        b"subtree/v1\n\0"
        + bytes([11])
        + b"w.example/1"
        + struct.pack(">Q", 1_791_014_171)
        + bytes([15])
        + b"example.com/log"
        + struct.pack(">QQ", 0, 77)
        + bytes(range(32))
    )
    judge = MLDSA44PublicKey.from_public_bytes(lattice.verifier.public)
    judge.verify(value[8:], signed)
    with pytest.raises(InvalidSignature):
        judge.verify(value[8:], signed[:-1] + b"\0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b+c",
        ED["log"],
        ED["key"].replace("416f103d", "416f103e"),
        ED["key"][:-4] + "AAAA",
        LATTICE["key"][:-4] + "AAAA",
        "witness.example/w1+00000000+Bg==",
        "wit ness+416f103d+BK/QmJFVP3SKJOqAMhFxBQPtylo3sjwWibyFDAlZKK8B",
    ],
)
def test_what_is_no_key_of_a_witness_is_not_read(text):
    with pytest.raises(ValueError, match="key"):
        CosignatureVerifier.parse(text)
