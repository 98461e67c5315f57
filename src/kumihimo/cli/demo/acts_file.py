"""The person takes home a file that proves that nothing is missing, and what becomes of one that lies."""

from pathlib import Path

import msgspec

from kumihimo.base import Problem
from kumihimo.cli.demo.citizen import Citizen
from kumihimo.cli.demo.stage import NotHeldError, Stage, hold
from kumihimo.ledger import Finding, RecordsPolicy, read_policy, verify_file

POLICY = "policy.json"


async def own_file(stage: Stage) -> str:
    """The file from the portal is complete; with one record taken out it is not, and the verdict says so."""
    file = await Citizen.of(stage.nation, stage.claimant).file()
    policy = _policy(stage.nation.places.policy)
    verdict = verify_file(file, policy)
    hold(verdict.complete, f"the file is {verdict.finding}: {verdict.detail}")
    robbed = verify_file(_without_one(file), policy)
    hold(robbed.finding is Finding.WITHHELD, f"a file with a hole is {robbed.finding}: {robbed.detail}")
    told = (
        f"{verdict.finding}: {verdict.shown} records, {len(file):,} bytes, "
        f"{len(verdict.witnesses)} witnesses; "
        f"one taken out: {robbed.finding}: shown {robbed.shown}, committed {robbed.committed}"
    )
    return told if stage.out is None else f"{told}\n    {_keep(stage, file, stage.out)}"


def _policy(path: Path) -> RecordsPolicy:
    policy = read_policy(path.read_bytes())
    if isinstance(policy, Problem):
        raise NotHeldError(f"the nation's policy cannot be read: {policy.detail}")
    return policy


def _without_one(file: bytes) -> bytes:
    """The file as a ledger would make it that hides the oldest record."""
    document = msgspec.json.decode(file, type=dict[str, object])
    records = document["records"]
    assert isinstance(records, list)
    return msgspec.json.encode({**document, "records": records[1:]}, order="sorted")


def _keep(stage: Stage, file: bytes, out: Path) -> str:
    """Write the file with the nation's policy beside it; say how anybody checks it."""
    trusted = stage.nation.places.policy.read_bytes()
    policy = out.with_name(POLICY)
    if policy.exists() and policy.read_bytes() != trusted:
        policy = out.with_name(f"{out.stem}-{POLICY}")
    policy.write_bytes(trusted)
    out.write_bytes(file)
    return f"kumihimo verify {out} --policy {policy}"
