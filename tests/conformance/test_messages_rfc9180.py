"""HPKE recomputed from RFC 9180 with HMAC, X25519 and AES-GCM only; the hybrid from X-Wing's combiner.

The judge itself is held to the vector of RFC 9180 A.1.1 before it judges.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kumihimo.messages import BoxKey, Kem, boxes

X25519_KEM, HYBRID_KEM, HKDF_SHA256 = 0x0020, 0x647A, 0x0001
AES_128_GCM, AES_256_GCM = 0x0001, 0x0002
KEY_BYTES = {AES_128_GCM: 16, AES_256_GCM: 32}


def extract(salt: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), material, "sha256")


def expand(key: bytes, info: bytes, length: int) -> bytes:
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes([counter]), "sha256")
        out, counter = out + block, counter + 1
    return out[:length]


def labeled_extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return extract(salt, b"HPKE-v1" + suite + label + material)


def labeled_expand(suite: bytes, key: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return expand(key, length.to_bytes(2) + b"HPKE-v1" + suite + label + info, length)


def x25519(secret: bytes, public: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))


def public_of(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def dhkem_secret(dh: bytes, enc: bytes, receiver: bytes) -> bytes:
    """RFC 9180 §4.1, ExtractAndExpand."""
    suite = b"KEM" + X25519_KEM.to_bytes(2)
    eae = labeled_extract(suite, b"", b"eae_prk", dh)
    return labeled_expand(suite, eae, b"shared_secret", enc + receiver, 32)


def key_schedule(kem: int, aead: int, shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """RFC 9180 §5.1, base mode: the AEAD key and the nonce of the first message."""
    suite = b"HPKE" + kem.to_bytes(2) + HKDF_SHA256.to_bytes(2) + aead.to_bytes(2)
    context = b"\x00" + labeled_extract(suite, b"", b"psk_id_hash", b"")
    context += labeled_extract(suite, b"", b"info_hash", info)
    secret = labeled_extract(suite, shared, b"secret", b"")
    key = labeled_expand(suite, secret, b"key", context, KEY_BYTES[aead])
    return key, labeled_expand(suite, secret, b"base_nonce", context, 12)


def our_info(info: bytes, aad: bytes) -> bytes:
    return len(info).to_bytes(4) + info + aad


def test_the_judge_holds_to_the_vector_of_rfc9180():
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    sender = bytes.fromhex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736")
    receiver = bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
    enc, to = public_of(sender), public_of(receiver)
    assert enc.hex() == "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
    assert to.hex() == "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"
    shared = dhkem_secret(x25519(sender, to), enc, to)
    assert shared.hex() == "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc"
    key, nonce = key_schedule(X25519_KEM, AES_128_GCM, shared, info)
    assert key.hex() == "4531685d41d65f03dc48f6b8302c05b0"
    assert nonce.hex() == "56d890e5accaaf011cff4b7d"
    plaintext = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
    assert AESGCM(key).encrypt(nonce, plaintext, b"Count-0").hex() == (
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )


def test_the_judge_opens_our_x25519_box():
    seed = bytes(range(32))
    key = BoxKey.from_seed(seed)
    box = boxes.seal(key.public, b"15000 yen", info=b"answer", aad=b"tx")
    enc, ciphertext = box[:32], box[32:]
    shared = dhkem_secret(x25519(seed, enc), enc, public_of(seed))
    aead_key, nonce = key_schedule(X25519_KEM, AES_256_GCM, shared, our_info(b"answer", b"tx"))
    assert AESGCM(aead_key).decrypt(nonce, ciphertext, b"") == b"15000 yen"


def test_we_open_the_x25519_box_of_the_judge():
    key, sender = BoxKey.from_seed(bytes(range(32))), bytes(range(64, 96))
    enc, to = public_of(sender), key.public[1:]
    shared = dhkem_secret(x25519(sender, to), enc, to)
    aead_key, nonce = key_schedule(X25519_KEM, AES_256_GCM, shared, our_info(b"answer", b"tx"))
    box = enc + AESGCM(aead_key).encrypt(nonce, b"15000 yen", b"")
    assert key.open(box, info=b"answer", aad=b"tx") == b"15000 yen"


def x_wing(ss_m: bytes, ss_x: bytes, ct_x: bytes, pk_x: bytes) -> bytes:
    """The combiner of X-Wing (draft-connolly-cfrg-xwing-kem §5.3)."""
    return hashlib.sha3_256(ss_m + ss_x + ct_x + pk_x + rb"\.//^\ "[:6]).digest()


def test_the_judge_opens_our_hybrid_box():
    seed = bytes(range(32))
    box = boxes.seal(BoxKey.from_seed(seed, Kem.ML_KEM_768_X25519).public, b"15000 yen", info=b"i", aad=b"a")
    long = hashlib.shake_256(seed).digest(96)
    ct_m, ct_x, ciphertext = box[:1088], box[1088:1120], box[1120:]
    ss_m = MLKEM768PrivateKey.from_seed_bytes(long[:64]).decapsulate(ct_m)
    shared = x_wing(ss_m, x25519(long[64:], ct_x), ct_x, public_of(long[64:]))
    aead_key, nonce = key_schedule(HYBRID_KEM, AES_256_GCM, shared, our_info(b"i", b"a"))
    assert AESGCM(aead_key).decrypt(nonce, ciphertext, b"") == b"15000 yen"


def test_we_open_the_hybrid_box_of_the_judge():
    key, sender = BoxKey.generate(Kem.ML_KEM_768_X25519), bytes(range(64, 96))
    pk_m, pk_x = key.public[1:-32], key.public[-32:]
    ss_m, ct_m = MLKEM768PublicKey.from_public_bytes(pk_m).encapsulate()
    ct_x = public_of(sender)
    shared = x_wing(ss_m, x25519(sender, pk_x), ct_x, pk_x)
    aead_key, nonce = key_schedule(HYBRID_KEM, AES_256_GCM, shared, our_info(b"i", b"a"))
    box = ct_m + ct_x + AESGCM(aead_key).encrypt(nonce, b"15000 yen", b"")
    assert key.open(box, info=b"i", aad=b"a") == b"15000 yen"
