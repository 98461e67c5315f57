"""`kumihimo audit`: an overseer checks logs, epochs and a sample of the evidence of a running nation."""
# ruff: noqa: PLC0415 - the audit is read by the command that needs it, so that --help is quick

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kumihimo.cli.talk import DEFAULT_NATION, AsJson, NationFolder, emit, emit_json, give_up, talk
from kumihimo.cli.verify import Language

if TYPE_CHECKING:
    from kumihimo.cli.audit_reach import NationReach
    from kumihimo.cli.audit_report import Report
    from kumihimo.cli.audit_rules import Rules
    from kumihimo.ledger import RecordsPolicy
    from kumihimo.world import Places

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
    seed: Annotated[
        str | None,
        typer.Option(help="Seed of an earlier audit, to repeat its sample; default random. 抽出の種。"),
    ] = None,
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
    import secrets
    from datetime import timedelta

    from kumihimo.base import system_clock
    from kumihimo.cli.audit_rules import Rules
    from kumihimo.world import Places

    places = Places(nation.resolve())
    reach = _reach(places, auditor)
    rules = Rules(share, timedelta(hours=hours), system_clock(), seed or secrets.token_hex(16))
    report = _run(places, auditor, reach, _trusted(policy or places.root / "policy.json"), rules)
    if as_json:
        emit_json(report.document())
    else:
        for language in [lang] if lang else list(Language):
            for line in report.lines(japanese=language is Language.JA):
                emit(line)
    raise typer.Exit(0 if report.held else 1)


def _reach(places: "Places", auditor: str) -> "NationReach":
    """The network as this overseer reaches it."""
    from kumihimo.base import Problem
    from kumihimo.cli.audit_reach import NationReach
    from kumihimo.cli.running import find_running

    if find_running(places) is None:
        give_up(
            f"{places.root} の国は開いていません。",
            f"the nation in {places.root} is not open; run `kumihimo up` first",
            NOTHING_TO_AUDIT,
        )
    if not places.keys(auditor).is_dir():
        give_up(f"{auditor} という機関はありません。", f"no institution {auditor}", NOTHING_TO_AUDIT)
    reach = NationReach.of(places, auditor)
    if isinstance(reach, Problem):
        give_up("登録簿が正しくありません。", f"the directory is not valid: {reach.detail}", NOTHING_TO_AUDIT)
    if {"commission", "witness"}.isdisjoint(reach.directory.entries[auditor].services):
        give_up(
            f"{auditor} は監督する機関ではありません。",
            f"{auditor} does not watch over the network",
            NOTHING_TO_AUDIT,
        )
    return reach


def _run(
    places: "Places", auditor: str, reach: "NationReach", policy: "RecordsPolicy", rules: "Rules"
) -> "Report":
    """Audit with progress on the terminal, and keep what was seen for the next time."""
    import asyncio

    from kumihimo.cli.auditing import audited, load_memory, save_memory

    state = places.root / f"audit-{auditor}.json"
    with talk.status("") as status:

        def progress(what: str, done: int, whole: int) -> None:
            status.update(f"{what} {done:,} / {whole:,}")

        report, memory = asyncio.run(audited(reach, policy, rules, load_memory(state), progress))
    save_memory(state, memory)
    return report


def _trusted(path: Path) -> "RecordsPolicy":
    from kumihimo.base import Problem
    from kumihimo.ledger import read_policy

    if not path.is_file():
        give_up(f"信頼方針 {path.name} がありません。", f"there is no policy at {path}", NOTHING_TO_AUDIT)
    policy = read_policy(path.read_bytes())
    if isinstance(policy, Problem):
        give_up(policy.detail_ja, policy.detail, NOTHING_TO_AUDIT)
    return policy
