"""Vectors of C2SP and of Go's sumdb, whose note and tree formats C2SP describes."""

import pytest

from kumihimo.base import ErrorType, Problem, Secret
from kumihimo.log import (
    Checkpoint,
    Note,
    NoteSigner,
    NoteVerifier,
    leaf_hash,
    open_note,
    parse_path,
    sign_note,
)
from kumihimo.log.note import decode_base64
from kumihimo.log.tiles import encode_index, tile_width

VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
LINE = f"— PeterNeumann {SIGNATURE}\n"
TREE = "go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n"


def test_go_s_example_note_is_opened_with_its_published_key() -> None:
    verifier = NoteVerifier.parse(VKEY)
    assert verifier.text == VKEY
    note = open_note(TEXT + "\n" + LINE, [verifier])
    assert isinstance(note, Note)
    assert (note.text, len(note.verified), note.unknown) == (TEXT, 1, ())


def test_go_s_example_key_signs_go_s_example_note_to_the_byte() -> None:
    seed = decode_base64(SEED)
    assert seed is not None
    signer = NoteSigner("PeterNeumann", Secret(seed[1:]))
    assert signer.verifier.text == VKEY
    assert sign_note(TEXT, signer) == TEXT + "\n" + LINE


def test_the_published_sumdb_key_is_read() -> None:
    verifier = NoteVerifier.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    assert verifier.key_id.hex() == "033de0ae"


def test_go_s_tree_text_is_a_checkpoint() -> None:
    checkpoint = Checkpoint("go.sum database tree", 123456789012, leaf_hash(b"hello world"))
    assert checkpoint.text == TREE
    assert Checkpoint.parse(TREE) == checkpoint
    assert Checkpoint.parse(TREE + "extension\n") == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        TREE.replace("123456789012", "0xabcdef"),
        TREE.replace("123456789012", "0123"),
        TREE.replace("123456789012", "１２"),
        TREE.replace(
            "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=", "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBTOOBIG="
        ),
        TREE.replace("Bb0=", "Bb1="),
        TREE.removesuffix("\n"),
        TREE + "\n",
        "\n" + TREE,
        "",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    refused = Checkpoint.parse(text)
    assert isinstance(refused, Problem)
    assert refused.type is ErrorType.MALFORMED


def test_the_tile_paths_are_those_of_tlog_tiles() -> None:
    assert encode_index(1234067) == "x001/x234/067"
    assert encode_index(0) == "000"
    assert encode_index(1000) == "x001/000"
    tile = parse_path("tile/0/x001/x234/067.p/8")
    assert tile is not None
    assert (tile.level, tile.n, tile.width) == (0, 1234067, 8)
    assert tile.path == "tile/0/x001/x234/067.p/8"


def test_a_tree_of_70000_has_the_tiles_the_specification_counts() -> None:
    assert [tile_width(0, n, 70_000) for n in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [tile_width(1, n, 70_000) for n in (0, 1, 2)] == [256, 17, 0]
    assert [tile_width(2, n, 70_000) for n in (0, 1)] == [1, 0]
    assert (tile_width(0, 0, 256), tile_width(1, 0, 256)) == (256, 1)
