"""The witness's desk: reads what is brought, checks who signed it, has it decided, and cosigns."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from kumihimo.base import ErrorType, Problem
from kumihimo.log import Cosigner, open_note
from kumihimo.node import DirectoryView, Logger, Message, Reply, log_keys
from kumihimo.witness.model import Alarm, Known, Outcome, Request, Wrong, read_request
from kumihimo.witness.store import Decided

SIZE_TYPE = "text/x.tlog.size"
NOTE_TYPE = "text/plain; charset=utf-8"
_PROBLEM = "application/problem+json"


class Follower(Protocol):
    """Who looks into a log before its checkpoint is cosigned, and has it decided."""

    async def decide(self, institution: str, request: Request) -> Decided | Wrong | Problem:
        """How it ends; what is wrong inside the log; a Problem if that cannot be told now."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a witness needs to answer."""

    directory: DirectoryView
    cosigners: Sequence[Cosigner]
    alarm: Callable[[Alarm], Awaitable[None]]
    known: Callable[[str], Awaitable[Known]]
    follower: Follower
    logger: Logger

    async def add_checkpoint(self, message: Message) -> Reply:
        """`add-checkpoint`: cosignature lines, or 400, 403, 404, 409, 422 as the specification says."""
        request = read_request(message.body)
        if isinstance(request, Problem):
            return Reply.of(request)
        keys = log_keys(self.directory.current)
        institution, key = keys.get(request.checkpoint.origin, ("", None))
        if key is None:
            return _refusal(404, Problem(ErrorType.NOT_FOUND, detail="no known log has this origin"))
        opened = open_note(request.note, [key])
        if isinstance(opened, Problem):
            return _refusal(400 if opened.type is ErrorType.MALFORMED else 403, opened)
        ended = await self.follower.decide(institution, request)
        if isinstance(ended, Problem):
            return Reply.of(ended)
        if isinstance(ended, Wrong):
            return await self._accuse(request, ended)
        return self._answer(request, ended)

    async def _accuse(self, request: Request, wrong: Wrong) -> Reply:
        """Refuse a checkpoint of a log whose content is wrong, and remember why."""
        new = request.checkpoint
        known = await self.known(new.origin)
        await self.alarm(Alarm(new.origin, wrong.kind, new.size, wrong.detail, request.note, known.note))
        self.logger.error("log accused", origin=new.origin, size=new.size, why=wrong.detail)
        return _refusal(403, Problem(ErrorType.PROOF_INVALID, detail=wrong.detail))

    def _answer(self, request: Request, decided: Decided) -> Reply:
        new = request.checkpoint
        match decided.outcome:
            case Outcome.COSIGNED:
                time, text = int(decided.at.timestamp()), request.note.rpartition("\n\n")[0] + "\n"
                lines = [cosigner.cosign(new, text, time).line for cosigner in self.cosigners]
                return Reply(200, "".join(lines).encode(), NOTE_TYPE)
            case Outcome.OLD_ABOVE_NEW:
                return _refusal(400, Problem(ErrorType.MALFORMED, detail="the old size is above the new one"))
            case Outcome.STALE:
                return Reply(409, f"{decided.size}\n".encode(), SIZE_TYPE)
            case Outcome.NOT_CONSISTENT:
                status, detail = 422, "the proof does not lead from the cosigned checkpoint to this one"
            case Outcome.OTHER_ROOT:
                status, detail = 409, "another root was cosigned for this size"
        self.logger.error("log accused", origin=new.origin, size=new.size, why=detail)
        return _refusal(status, Problem(ErrorType.PROOF_INVALID, detail=detail))


def _refusal(status: int, problem: Problem) -> Reply:
    """A refusal under the status the specification names, whatever ours would be."""
    document = {**problem.document(), "status": status}
    return Reply(status, msgspec.json.encode(document), _PROBLEM, refusal=problem.type)
