"""`kumihimo reconcile`: the commission compares the logs of all institutions now, and says what it found."""
# ruff: noqa: PLC0415 - the nation is imported by the command that needs it, so that --help is quick

import typer

from kumihimo.cli.talk import DEFAULT_NATION, AsJson, NationFolder


def reconcile(nation: NationFolder = DEFAULT_NATION, as_json: AsJson = False) -> None:
    """Compare the records of inquirers, providers, operators and ledger. 三者の記録を照合する。

    Speaks in the privacy commission's name, whose keys lie in the nation's folder. Shows counts by
    institution, no persons. Exit code 0: nothing is wrong. 1: alarms are open, or a log could not be
    read. 2: no nation is open.
    """
    from kumihimo.cli.reconciling import reconcile_once

    raise typer.Exit(reconcile_once(nation, as_json=as_json))
