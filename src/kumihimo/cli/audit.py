"""`kumihimo audit`: an overseer checks logs, epochs and a sample of the evidence of a running nation."""
# ruff: noqa: PLC0415 - the audit is read by the command that needs it, so that --help is quick

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kumihimo.cli.talk import DEFAULT_NATION, AsJson, NationFolder, emit, emit_json, give_up, talk
from kumihimo.cli.verify import Language

if TYPE_CHECKING:
    from kumihimo.ledger import RecordsPolicy

NOTHING_TO_AUDIT = 2


def audit(
    nation: NationFolder = DEFAULT_NATION,
    auditor: Annotated[
        str, typer.Option("--as", help="Who audits: the commission or a witness. 監査する機関。")
    ] = "ppc",
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of events sampled. 抽出する割合。")
    ] = 0.01,
    hours: Annotated[
        float, typer.Option(min=0.0, help="How far back evidence is kept, in hours. 証拠の残る時間。")
    ] = 23.0,
    policy: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Whom to trust; default: the nation's policy.json. 信頼方針。"
        ),
    ] = None,
    lang: Annotated[
        Language | None, typer.Option("--lang", help="ja or en; default both. 既定は両方。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check logs, witnesses, epochs and sampled evidence. 記録簿、証人、台帳の時点、抽出した証拠を監査する。

    Prints what was checked, with counts and no persons. Exit code 0 only if all of it holds, 1 with the
    findings named (whose, which epoch), 2 when there is nothing to audit.
    """
    import asyncio
    from datetime import timedelta

    from kumihimo.base import Problem, system_clock
    from kumihimo.cli.audit_ledger import Rules
    from kumihimo.cli.audit_reach import NationReach
    from kumihimo.cli.auditing import audited, load_seen, save_seen
    from kumihimo.cli.running import find_running
    from kumihimo.world import Places

    places = Places(nation.resolve())
    if find_running(places) is None:
        give_up(
            f"{nation} の国は開いていません。",
            f"the nation in {nation} is not open; run `kumihimo up` first",
            NOTHING_TO_AUDIT,
        )
    reach = NationReach.of(places, auditor)
    if isinstance(reach, Problem):
        give_up("登録簿が正しくありません。", f"the directory is not valid: {reach.detail}", NOTHING_TO_AUDIT)
    entry = reach.directory.entries[auditor]
    if not {"commission", "witness"} & set(entry.services):
        give_up(
            f"{auditor} は監督する機関ではありません。",
            f"{auditor} does not watch over the network",
            NOTHING_TO_AUDIT,
        )
    trusted = _trusted(policy or places.root / "policy.json")
    state = places.root / f"audit-{auditor}.json"
    rules = Rules(share, timedelta(hours=hours), system_clock())
    with talk.status("") as status:
        report, seen = asyncio.run(
            audited(
                reach,
                trusted,
                rules,
                load_seen(state),
                lambda what, done, whole: status.update(f"{what} {done:,} / {whole:,}"),
            )
        )
    save_seen(state, seen)
    if as_json:
        emit_json(report.document())
    else:
        for language in [lang] if lang else list(Language):
            for line in report.lines(japanese=language is Language.JA):
                emit(line)
    raise typer.Exit(0 if report.held else 1)


def _trusted(path: Path) -> "RecordsPolicy":
    from kumihimo.base import Problem
    from kumihimo.ledger import read_policy

    if not path.is_file():
        give_up(f"信頼方針 {path.name} がありません。", f"there is no policy at {path}", NOTHING_TO_AUDIT)
    policy = read_policy(path.read_bytes())
    if isinstance(policy, Problem):
        give_up(policy.detail_ja, policy.detail, NOTHING_TO_AUDIT)
    return policy
