"""The ledger: each person's record of exchange, kept so that it can be shown whole."""

from kumihimo.ledger.corrections import Correction, Holder
from kumihimo.ledger.deferral import deferral_leaf, deferral_root
from kumihimo.ledger.evidence import (
    Evidence,
    PublicKeys,
    Traced,
    expected_entry,
    judge,
    judge_deferral,
    make_evidence,
    read_evidence,
    shown_label,
    trace,
    write_evidence,
)
from kumihimo.ledger.faults import Discrepancy, Fault
from kumihimo.ledger.file import ChainLine, write_file
from kumihimo.ledger.look import slip_of_file
from kumihimo.ledger.material import Material
from kumihimo.ledger.model import Entry, Kind, Line, chain_head, entry_hash, label_of, lines
from kumihimo.ledger.policy import RecordsPolicy, Signers, read_policy, write_policy
from kumihimo.ledger.rehearsed_epochs import RehearsedEpoch, rehearse_epochs
from kumihimo.ledger.replay import Auditor
from kumihimo.ledger.sampling import BUDGET_HOURS, SHARE, budget, challenge_of, sample, score
from kumihimo.ledger.standing import OPEN_SECONDS, Standing, overdue, person_events
from kumihimo.ledger.transition import (
    Deferral,
    EpochRecord,
    Moved,
    Transition,
    decode_record,
    decode_transition,
    is_epoch,
)
from kumihimo.ledger.verdict import Finding, Verdict, explain
from kumihimo.ledger.verifying import verify_file

__all__ = [
    "BUDGET_HOURS",
    "OPEN_SECONDS",
    "SHARE",
    "Auditor",
    "ChainLine",
    "Correction",
    "Deferral",
    "Discrepancy",
    "Entry",
    "EpochRecord",
    "Evidence",
    "Fault",
    "Finding",
    "Holder",
    "Kind",
    "Line",
    "Material",
    "Moved",
    "PublicKeys",
    "RecordsPolicy",
    "RehearsedEpoch",
    "Signers",
    "Standing",
    "Traced",
    "Transition",
    "Verdict",
    "budget",
    "chain_head",
    "challenge_of",
    "decode_record",
    "decode_transition",
    "deferral_leaf",
    "deferral_root",
    "entry_hash",
    "expected_entry",
    "explain",
    "filling",
    "is_epoch",
    "judge",
    "judge_deferral",
    "label_of",
    "lines",
    "make_evidence",
    "overdue",
    "person_events",
    "read_evidence",
    "read_policy",
    "reading",
    "rehearsal",
    "rehearse_epochs",
    "sample",
    "score",
    "second_door",
    "shown_label",
    "slip_of_file",
    "trace",
    "verify_file",
    "write_evidence",
    "write_file",
    "write_policy",
]
