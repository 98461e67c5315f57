"""Tile paths, entry bundles, notes and proof files: what is read strictly, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumihimo.base import ErrorType, Problem, Secret
from kumihimo.log import (
    BundleError,
    Checkpoint,
    Note,
    NoteSigner,
    NoteVerifier,
    Proof,
    Tile,
    add_signatures,
    decode_bundle,
    encode_bundle,
    leaf_hash,
    node_hash,
    open_checkpoint,
    open_note,
    parse_path,
    sign_note,
)

LOG = NoteSigner("kumihimo.example/log", Secret(bytes(31) + b"\x01"))
WITNESS = NoteSigner("witness.example/w1", Secret(bytes(31) + b"\x02"))
STRANGER = NoteSigner("kumihimo.example/log", Secret(bytes(31) + b"\x03"))
TEXT = "first\n\nlast\n"


def refused(result: object) -> ErrorType:
    assert isinstance(result, Problem)
    return result.type


@given(st.none() | st.integers(0, 63), st.integers(0, 2**62), st.integers(1, 256))
def test_a_tile_s_path_names_that_tile_and_no_other(level: int | None, n: int, width: int) -> None:
    tile = Tile(level, n, width)
    assert parse_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    ["tile/0/1", "tile/00/001", "tile/64/001", "tile/0/001.p/0", "tile/0/001.p/256", "tile/0/001.p/08",
     "tile/0/x000/001", "tile/0/001/x001", "tile/0/x001", "tile/0/../001", "tile/0/001/", "/tile/0/001",
     "tile/entries/", "tile/entries/001.p/", "tile/0/٠٠١", "tile/0/001\n", "checkpoint", ""],
)  # fmt: skip
def test_a_path_written_otherwise_names_nothing(path: str) -> None:
    assert parse_path(path) is None


@given(st.text())
def test_no_path_is_too_strange_to_answer(path: str) -> None:
    tile = parse_path("tile/" + path)
    assert tile is None or tile.path == "tile/" + path


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_holds_its_entries(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == entries


@given(st.binary(max_size=200))
def test_bytes_are_a_bundle_or_refused(data: bytes) -> None:
    try:
        entries = decode_bundle(data)
    except BundleError:
        return
    assert encode_bundle(entries) == data


def test_a_bundle_cut_short_is_refused() -> None:
    bundle = encode_bundle([b"one", b"two"])
    for cut in (1, 4, 6, len(bundle) - 1):
        with pytest.raises(BundleError):
            decode_bundle(bundle[:cut])


def test_several_signatures_stand_below_one_text() -> None:
    note = open_note(sign_note(TEXT, LOG, WITNESS), [LOG.verifier, WITNESS.verifier])
    assert isinstance(note, Note)
    assert note.text == TEXT
    assert [line.name for line in note.verified] == [LOG.name, WITNESS.name]


def test_a_cosignature_is_added_below_and_leaves_the_rest_untouched() -> None:
    signed = sign_note(TEXT, LOG)
    both = add_signatures(signed, [WITNESS.sign(TEXT)])
    assert both == sign_note(TEXT, LOG, WITNESS)
    assert both.startswith(signed)


def test_a_stranger_s_signature_is_ignored_even_under_a_known_name() -> None:
    note = open_note(sign_note(TEXT, STRANGER, LOG), [LOG.verifier])
    assert isinstance(note, Note)
    assert (len(note.verified), len(note.unknown)) == (1, 1)
    assert refused(open_note(sign_note(TEXT, STRANGER), [LOG.verifier])) is ErrorType.SIGNATURE_INVALID


def test_a_false_signature_by_a_known_key_spoils_the_note() -> None:
    false = sign_note(TEXT, LOG, WITNESS).replace("first", "worst")
    again = add_signatures(false, [LOG.sign(TEXT.replace("first", "worst"))])
    for data in (false, again):
        assert refused(open_note(data, [LOG.verifier])) is ErrorType.SIGNATURE_INVALID


@pytest.mark.parametrize(
    "data",
    ["", TEXT, TEXT + "\n", "x\n\n— name\n", "x\n\n— name AAAAAAA\n", "x\n\n- name AAAAAAAAAA==\n",
     "x\n\n— na+me AAAAAAAAAA==\n", "x\n\n—  AAAAAAAAAA==\n", "x\x00\n\n— name AAAAAAAAAA==\n",
     "x\n\n— name AAAAAAAAAA==", "x\n\n— name AAAAAA==\n", "x\n\n" + "— name AAAAAAAAAA==\n" * 65],
)  # fmt: skip
def test_what_is_no_note_is_refused(data: str) -> None:
    assert refused(open_note(data, [LOG.verifier])) is ErrorType.MALFORMED


@given(st.text(), st.text())
def test_no_text_breaks_the_reading_of_notes_and_proofs(head: str, tail: str) -> None:
    assert isinstance(open_note(head + "\n\n— " + tail, [LOG.verifier]), Problem)
    assert isinstance(Proof.parse(head), Problem)
    parsed = Proof.parse(f"c2sp.org/tlog-proof@v1\nindex 0\n{head}\n\n{tail}")
    assert isinstance(parsed, Problem) or isinstance(parsed.verify(b"entry", LOG.verifier), Problem)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\nb", "a\u3000b"])
def test_a_signer_s_name_has_no_spaces_and_no_plus(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        NoteSigner(name, Secret(bytes(32)))


@pytest.mark.parametrize(
    "text",
    ["", "name", "name+00000000+AQ==", LOG.verifier.text.replace("+", "+0", 1), LOG.verifier.text + "=",
     LOG.verifier.text.replace("kumihimo", "kumihima")],
)  # fmt: skip
def test_a_published_key_that_does_not_hold_together_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        NoteVerifier.parse(text)


def test_a_signer_shows_no_key() -> None:
    assert bytes(31).hex() not in repr(LOG)
    assert "Secret(****)" in repr(LOG._key)


def test_a_text_without_a_final_newline_is_not_signed() -> None:
    with pytest.raises(ValueError, match="newline"):
        sign_note("text", LOG)


ENTRY, SIBLING = b"an act of the institution", leaf_hash(b"another")
ROOT = node_hash(SIBLING, leaf_hash(ENTRY))
CHECKPOINT = Checkpoint(LOG.name, 2, ROOT)
PROOF = Proof(1, (SIBLING,), sign_note(CHECKPOINT.text, LOG, WITNESS), b"for the court")


def test_a_proof_file_convinces_whoever_knows_the_log_s_key() -> None:
    parsed = Proof.parse(PROOF.text)
    assert parsed == PROOF
    assert PROOF.verify(ENTRY, LOG.verifier) == CHECKPOINT
    assert PROOF.verify(ENTRY, LOG.verifier, [WITNESS.verifier]) == CHECKPOINT


def test_a_proof_file_fails_for_another_entry_another_place_or_another_log() -> None:
    assert refused(PROOF.verify(b"another act", LOG.verifier)) is ErrorType.PROOF_INVALID
    moved = Proof(0, PROOF.hashes, PROOF.checkpoint)
    assert refused(moved.verify(ENTRY, LOG.verifier)) is ErrorType.PROOF_INVALID
    assert refused(PROOF.verify(ENTRY, WITNESS.verifier)) is ErrorType.SIGNATURE_INVALID
    assert refused(PROOF.verify(ENTRY, STRANGER.verifier)) is ErrorType.SIGNATURE_INVALID


def test_a_witness_alone_cannot_speak_for_the_log() -> None:
    note = sign_note(CHECKPOINT.text, WITNESS)
    assert refused(open_checkpoint(note, LOG.verifier, [WITNESS.verifier])) is ErrorType.SIGNATURE_INVALID


def test_a_note_that_is_no_checkpoint_is_refused() -> None:
    assert refused(open_checkpoint(sign_note(TEXT, LOG), LOG.verifier)) is ErrorType.MALFORMED


@pytest.mark.parametrize(
    ("before", "after"),
    [("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"), ("index 1", "index 01"), ("index 1", "index -1"),
     ("index 1", "index 1\nAAAA"), ("extra ", "extra  "), ("extra ", "spare "), ("index 1\n", "")],
)  # fmt: skip
def test_a_proof_file_written_otherwise_is_refused(before: str, after: str) -> None:
    assert refused(Proof.parse(PROOF.text.replace(before, after))) is ErrorType.MALFORMED
