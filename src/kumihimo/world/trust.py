"""Whom the people of the nation trust: the witnesses, how many of them, and the policy file that says so."""

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path

from kumihimo.base import JST
from kumihimo.codes import index_key
from kumihimo.ledger import Signers, write_policy
from kumihimo.log import Algorithm
from kumihimo.node import Directory, load_seed, witnesses


@cache
def quorum() -> int:
    """How many witnesses must have cosigned a checkpoint (`witnesses.toml`)."""
    text = (resources.files("kumihimo.world") / "witnesses.toml").read_text(encoding="utf-8")
    return int(tomllib.loads(text)["quorum"])


def records_policy(directory: Directory, ledger_keys: Path) -> bytes:
    """The file `kumihimo-policy/1` by which a person checks their records, from the nation's first directory.

    The witnesses are named by their Ed25519 keys, which every tool can check; their ML-DSA-44 keys stand in
    the directory. The ledger's first day is the day of the founding in Japan.
    """
    ledger = directory.service("ledger")
    commitments = {number: ledger.commitment(number, ledger.epoch) for number in (1, 2)}
    first, second = (directory.operator(number).sign_key for number in (1, 2))
    keys = [key for one in witnesses(directory) for key in one.keys]
    return write_policy(
        log=ledger.log_key,
        key=index_key(load_seed(ledger_keys / "ledger.key")),
        since=directory.issued.astimezone(JST).date(),
        quorum=directory.quorum,
        witnesses=[key.text for key in keys if key.algorithm is Algorithm.COSIGNATURE_ED25519],
        commitments={number: one.element for number, one in commitments.items() if one is not None},
        signers=Signers(directory.service("disclosure").sign_key, (first, second)),
    )
