"""Opens the witness room: checkpoints brought by anybody, and what was refused, for everybody to read."""

from pathlib import Path

import msgspec

from kumihimo.node import Handler, Institution, Message, Reply, Room, log_keys
from kumihimo.witness.aside import save_states
from kumihimo.witness.epochs import EpochFollower
from kumihimo.witness.keys import load_cosigners
from kumihimo.witness.model import Alarm, Known, Request
from kumihimo.witness.service import Desk
from kumihimo.witness.store import Decided, Memory, alarms_raised, known_of, logs_cosigned

POLICY_FILE = "policy.json"


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    folder = institution.settings.runtime.keys
    cosigners = load_cosigners(folder, institution.settings.id)
    write = institution.journal.register("witness", Memory(institution.clock).apply)
    save = institution.journal.register("witness follower", save_states)

    async def decide(request: Request) -> Decided:
        decided = await write(request)
        assert decided is not None
        return decided

    async def alarm(raised: Alarm) -> None:
        await write(raised)

    async def known(origin: str) -> Known:
        async with institution.db.read() as conn:
            return await known_of(conn, origin)

    follower = EpochFollower(institution, save=save, known=known, alarm=alarm, write=decide)
    desk = Desk(
        directory=institution.directory,
        cosigners=cosigners,
        alarm=alarm,
        known=known,
        follower=follower,
        logger=institution.logger,
    )

    async def show(_: Message) -> Reply:
        async with institution.db.read() as conn:
            logs, alarms = await logs_cosigned(conn), await alarms_raised(conn)
        keepers = log_keys(institution.directory.current)
        document = {
            "keys": [cosigner.verifier.text for cosigner in cosigners],
            "logs": logs,
            "epochs": follower.epoch,
            "alarms": [{**one, "institution": keepers.get(str(one["origin"]), ("",))[0]} for one in alarms],
        }
        return Reply(200, msgspec.json.encode(document))

    async def counts(_: Message) -> Reply:
        async with institution.db.read() as conn:
            logs, alarms = await logs_cosigned(conn), await alarms_raised(conn)
        return Reply(200, msgspec.json.encode({"witnessed": logs, "alarms": len(alarms)}))

    published = {"policy": _policy(folder)} if "commission" in institution.settings.services else {}
    return Room(
        "witness",
        open={"witness": show, "counts": counts, **published},
        posts={"add-checkpoint": desk.add_checkpoint},
        close=follower.close,
    )


def _policy(folder: Path) -> Handler:
    """Serves the policy by which anybody checks a file of records: whom to trust, and how many of them."""

    async def show(_: Message) -> Reply:
        try:
            return Reply(200, (folder / POLICY_FILE).read_bytes())
        except FileNotFoundError:
            return Reply(404, b"", "text/plain; charset=utf-8")

    return show
