"""Every command explains itself in both languages, at once."""

import re
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from kumihimo.cli.main import app

JAPANESE = re.compile("[ぁ-んァ-ン一-龥]")
HEAVY = {"asyncpg", "litestar", "msgspec", "kumihimo.law", "kumihimo.world", "kumihimo.exchange", "nacl"}


def commands(group=None, path=()):
    group = group or typer.main.get_command(app)
    yield path
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_is_in_japanese_and_english(path):
    told = CliRunner().invoke(app, [*path, "--help"])
    assert told.exit_code == 0
    assert JAPANESE.search(told.stdout)
    assert re.search("[A-Za-z]{4,} [a-z]{2,} [a-z]{2,}", told.stdout)


def test_help_reads_neither_law_nor_exchange_nor_database_driver():
    code = (
        "import sys\nfrom kumihimo.cli import main\nsys.argv = ['kumihimo', '--help']\n"
        "try:\n main()\nexcept SystemExit:\n pass\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stderr.split()) == set()


def test_an_unknown_command_is_a_usage_error():
    assert CliRunner().invoke(app, ["tie"]).exit_code == 2
