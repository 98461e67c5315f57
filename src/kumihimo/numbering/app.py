"""Opens the numbering room: code acquisition for institutions that lawfully hold a number."""

from kumihimo.exchange import answering, noting
from kumihimo.law import law
from kumihimo.node import Institution, Room
from kumihimo.numbering.service import Numbering, read_index_key
from kumihimo.numbering.store import apply_looks


async def open_room(institution: Institution) -> Room:
    """Open the room; the host mounts its handlers."""
    numbering = Numbering(
        institution=institution,
        law=law(),
        index_key=read_index_key(institution.settings.runtime.keys),
        look_write=institution.journal.register("numbering.look", apply_looks),
    )
    return Room(
        "numbering",
        exchange={
            "acquire": answering(numbering.acquire),
            "reconciliation-notice": answering(noting(institution)),
        },
    )
