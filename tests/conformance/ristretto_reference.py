"""A second implementation of ristretto255 and of the conversion's checks, written from the specifications.

For judging only: slow, not constant time, shares no line with the product. RFC 9496 §4 for the group
(encodings are bytes, points are extended Edwards coordinates), RFC 9497 §2.2 and §4.1 for hashing and
proofs, docs/protocols/codes.md for the contexts and the unblinding.
"""

import hashlib
import hmac as _hmac

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
IDENTITY = (0, 1, 1, 0)
CTX = b"KUMIHIMO-FUGO-1-ristretto255-SHA512"


def magnitude(x):
    x %= P
    return P - x if x % 2 else x


def sqrt_ratio(u, v):
    """RFC 9496 §4.2: (whether u/v is square, the non-negative root of u/v or of i·u/v)."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped, flipped_i = check == u % P, check == -u % P, check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, magnitude(r)


def decode(data):
    """The point of a canonical encoding, else None (RFC 9496 §4.3.1)."""
    s = int.from_bytes(data, "little")
    if len(data) != 32 or s >= P or s % 2:
        return None
    u1, u2 = 1 - s * s, 1 + s * s
    v = (-D * u1 * u1 - u2 * u2) % P
    square, root = sqrt_ratio(1, v * u2 * u2 % P)
    x_part = root * u2 % P
    x, y = magnitude(2 * s * x_part), u1 * root * x_part * v % P
    t = x * y % P
    return None if not square or t % 2 or y == 0 else (x, y, 1, t)


INV_SQRT_A_MINUS_D = sqrt_ratio(1, (-1 - D) % P)[1]
SQRT_AD_MINUS_ONE = sqrt_ratio((-D - 1) % P, 1)[1]
SQRT_AD_MINUS_ONE = P - SQRT_AD_MINUS_ONE if SQRT_AD_MINUS_ONE % 2 == 0 else SQRT_AD_MINUS_ONE


def encode(point):
    """The canonical 32 bytes of a point (RFC 9496 §4.3.2)."""
    x0, y0, z0, t0 = point
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    _, root = sqrt_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = root * u1 % P, root * u2 % P
    z_inv = den1 * den2 * t0 % P
    if t0 * z_inv % P % 2:
        x, y, den = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INV_SQRT_A_MINUS_D % P
    else:
        x, y, den = x0, y0, den2
    if x * z_inv % P % 2:
        y = -y
    return magnitude(den * (z0 - y)).to_bytes(32, "little")


def add(p, q):
    """Extended coordinates, a = -1 (Hisil, Wong, Carter, Dawson 2008)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * D * p[3] * q[3] % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(k, point):
    total = IDENTITY
    while k:
        if k & 1:
            total = add(total, point)
        point, k = add(point, point), k >> 1
    return total


def mul(k, data):
    return encode(times(k % Q, decode(data)))


def plus(a, b):
    return encode(add(decode(a), decode(b)))


G = encode(
    times(1, decode(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")))
)


def elligator(data):
    """RFC 9496 §4.3.4, MAP."""
    t = int.from_bytes(data, "little") % 2**255 % P
    r = SQRT_M1 * t * t % P
    u, v = (r + 1) * (1 - D * D) % P, (-1 - r * D) * (r + D) % P
    square, s = sqrt_ratio(u, v)
    c = -1 if square else r
    s = s if square else -magnitude(s * t)
    n = (c * (r - 1) * (D - 1) ** 2 - v) % P
    w0, w1, w2, w3 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P, (1 - s * s) % P, (1 + s * s) % P
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def from_uniform(data):
    return encode(add(elligator(data[:32]), elligator(data[32:])))


def lp(x):
    return bytes(divmod(len(x), 256)) + x


def xmd(message, tag):
    """expand_message_xmd (RFC 9380 §5.3.1) for 64 bytes and SHA-512, word for word."""
    tag_prime = tag + bytes([len(tag)])
    b0 = hashlib.sha512(bytes(128) + message + bytes([0, 64]) + bytes([0]) + tag_prime).digest()
    return hashlib.sha512(b0 + bytes([1]) + tag_prime).digest()


def h2g(data, ctx=CTX):
    return from_uniform(xmd(data, b"HashToGroup-" + ctx))


def h2s(data, ctx=CTX):
    return int.from_bytes(xmd(data, b"HashToScalar-" + ctx), "little") % Q


def mac(key, data):
    return _hmac.new(key, data, "sha512").digest()


def domain_scalar(msk, label, epoch):
    return 1 if label == "root" else h2s(mac(msk, b"domain" + lp(label.encode()) + epoch.to_bytes(4, "big")))


def blind_scalar(key, role, tx):
    return h2s(mac(key, b"blind" + lp(role) + lp(tx)))


def context(number, d, source, target, tx):
    """CTXi_T; source and target are (label, epoch)."""
    named = b"".join(lp(label.encode()) + epoch.to_bytes(4, "big") for label, epoch in (source, target))
    return CTX + b"|" + hashlib.sha256(lp(d) + named + lp(tx) + bytes([number])).digest()


def verify(a, b, cs, ds, proof, ctx):
    """RFC 9497 §2.2.2 with a base other than G."""
    if any(decode(e) in (None, IDENTITY) or e == bytes(32) for e in (a, b, *cs, *ds)):
        return False
    c, s = int.from_bytes(proof[:32], "little"), int.from_bytes(proof[32:], "little")
    if not (c < Q and s < Q):
        return False
    seed = hashlib.sha512(lp(b) + lp(b"Seed-" + ctx)).digest()
    m = z = bytes(32)
    for i, (ci, di) in enumerate(zip(cs, ds, strict=True)):
        weight = h2s(lp(seed) + i.to_bytes(2, "big") + lp(ci) + lp(di) + b"Composite", ctx)
        m, z = plus(m, mul(weight, ci)), plus(z, mul(weight, di))
    t2, t3 = plus(mul(s, a), mul(c, b)), plus(mul(s, m), mul(c, z))
    return c == h2s(lp(b) + lp(m) + lp(z) + lp(t2) + lp(t3) + b"Challenge", ctx)
