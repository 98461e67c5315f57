"""`kumihimo verify`: a person checks their file, with no network and no database."""
# ruff: noqa: PLC0415 - the ledger's rules are read by the command that needs them, so that --help is quick

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kumihimo.cli.talk import AsJson, emit, emit_json, give_up

if TYPE_CHECKING:
    from kumihimo.ledger import RecordsPolicy, Verdict

POLICY = "policy.json"
_ENOUGH = 64 << 20


class Language(StrEnum):
    """In which language the verdict is explained."""

    JA = "ja"
    EN = "en"


def verify(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="A file from the portal. ポータルのファイル。"),
    ],
    policy: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help=f"Whom to trust; default: {POLICY} beside the file. 信頼方針。既定は隣の {POLICY}。",
        ),
    ] = None,
    last: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A file fetched earlier: nothing may be older. 前回のファイル。"
        ),
    ] = None,
    lang: Annotated[
        Language | None, typer.Option("--lang", help="ja or en; default both. 既定は両方。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether your file of records is COMPLETE. 記録のファイルに欠けがないかを確かめる。

    Needs no network. Exit code 0 only for COMPLETE; 1 when something is wrong, which the first line names;
    2 when the files cannot be used. 通信は要りません。
    """
    from kumihimo.ledger import verify_file

    trusted = _trusted(policy or file.with_name(POLICY))
    earlier = _read(last) if last else None
    if earlier is not None:
        _proved(verify_file(earlier, trusted))
    verdict = verify_file(_read(file), trusted, earlier)
    if as_json:
        emit_json(_document(verdict))
    else:
        _show(verdict, lang)
    raise typer.Exit(0 if verdict.complete else 1)


def _trusted(path: Path) -> RecordsPolicy:
    from kumihimo.base import Problem
    from kumihimo.ledger import read_policy

    if not path.is_file():
        give_up(
            f"信頼方針のファイルがありません（--policy か、同じフォルダの {POLICY}）。",
            f"There is no policy: give --policy, or put {POLICY} beside the file.",
            code=2,
        )
    policy = read_policy(_read(path))
    if isinstance(policy, Problem):
        give_up(policy.detail_ja, f"{policy.detail}.", code=2)
    return policy


def _proved(earlier: Verdict) -> None:
    """An earlier file that does not hold by itself is nothing to compare with."""
    if not earlier.complete:
        give_up(
            f"前のファイル自体が確かめられないため、比べられません（{earlier.headline}）。",
            f"The earlier file does not hold by itself ({earlier.headline}): nothing to compare with.",
            code=2,
        )


def _read(path: Path) -> bytes:
    """What the file holds; of one far too long only its beginning, which is refused like the whole."""
    try:
        with path.open("rb") as stream:
            return stream.read(_ENOUGH)
    except OSError:
        give_up("ファイルを読めません。", f"{path} cannot be read.", code=2)


def _show(verdict: Verdict, lang: Language | None) -> None:
    from kumihimo.ledger import explain

    emit(verdict.headline)
    for language in [lang] if lang else list(Language):
        for sentence in explain(verdict, language):
            emit(f"  {sentence}")


def _document(verdict: Verdict) -> dict[str, object]:
    return {
        "verdict": verdict.finding.value,
        "detail": verdict.detail,
        "shown": verdict.shown,
        "committed": verdict.committed,
        "erased": verdict.erased,
        "epoch": verdict.epoch,
        "time": verdict.time,
        "witnesses": verdict.witnesses,
    }
