"""The log: what an institution did, in an order nobody can change afterwards (C2SP tlog-tiles)."""

from kumihimo.log.appender import LogAppender, LogConflictError, log_moved
from kumihimo.log.audit import audit
from kumihimo.log.checkpoint import Checkpoint, open_checkpoint
from kumihimo.log.cosign import CosignatureVerifier, Cosigner
from kumihimo.log.edge import Edge
from kumihimo.log.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from kumihimo.log.note import (
    Algorithm,
    Note,
    NoteSigner,
    NoteVerifier,
    Signature,
    Verifier,
    add_signatures,
    decode_base64,
    open_note,
    read_signatures,
    sign_note,
)
from kumihimo.log.policy import Cosigned, Policy, open_cosigned
from kumihimo.log.proof import Proof
from kumihimo.log.reader import LogConnection, LogDamagedError, LogReader
from kumihimo.log.serving import Resource, serve
from kumihimo.log.tiles import BundleError, Tile, decode_bundle, encode_bundle, parse_path, reader_over
from kumihimo.log.together import Together

__all__ = [
    "EMPTY_ROOT",
    "Algorithm",
    "BundleError",
    "Checkpoint",
    "CosignatureVerifier",
    "Cosigned",
    "Cosigner",
    "Edge",
    "LogAppender",
    "LogConflictError",
    "LogConnection",
    "LogDamagedError",
    "LogReader",
    "Note",
    "NoteSigner",
    "NoteVerifier",
    "Policy",
    "Proof",
    "Resource",
    "Signature",
    "Tile",
    "Together",
    "Verifier",
    "add_signatures",
    "audit",
    "consistency_proof",
    "decode_base64",
    "decode_bundle",
    "encode_bundle",
    "inclusion_proof",
    "leaf_hash",
    "log_moved",
    "node_hash",
    "open_checkpoint",
    "open_cosigned",
    "open_note",
    "parse_path",
    "read_signatures",
    "reader_over",
    "root_of",
    "serve",
    "sign_note",
    "verify_consistency",
    "verify_inclusion",
]
