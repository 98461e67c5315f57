"""Who writes to whom in the tests of this room, and a slip-like document."""

from kumihimo.messages import SigningKey, VerifyKey

CITY, PENSION = "muni-131016", "nenkin"
CITY_KEY = SigningKey.from_seed(bytes(range(32)))
PENSION_KEY = SigningKey.from_seed(bytes(range(32, 64)))
NOW = 1_790_000_000
NONCE = "6b756d6968696d6f6b756d6968696d6f"
URI = "http://127.0.0.1:4701/nenkin/x/inquire"

DOCUMENT = {
    "v": 1,
    "kind": "inquire",
    "from": {"institution": CITY, "office": "子育て支援課"},
    "to": PENSION,
    "basis": {"permission": "o9/92/3@2024-05-27", "piece": None},
    "information": "児童手当関係情報",
    "items": ["payment_month", "amount"],
    "live": True,
    "time": NOW,
    "rows": [{"x0": "A" * 43, "cb": "B" * 43}],
}


def directory(name: str) -> VerifyKey | None:
    """The key the directory names for an institution."""
    return {CITY: CITY_KEY.verify_key, PENSION: PENSION_KEY.verify_key}.get(name)
