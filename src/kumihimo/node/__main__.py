"""`python -m kumihimo.node --settings FILE…`: host these institutions in one process."""

import argparse
import os
import sys
from pathlib import Path

import uvloop

from kumihimo.node.database import AWAY, MigrationError
from kumihimo.node.host import run
from kumihimo.node.journal import SecondWriterError
from kumihimo.node.settings import SettingsError, load_settings
from kumihimo.node.telemetry import configure_logging


def main() -> int:
    """Read the settings, host until stopped; exit code 2 if the settings or the state forbid it."""
    parser = argparse.ArgumentParser(prog="python -m kumihimo.node", description=__doc__)
    parser.add_argument(
        "--settings", type=Path, nargs="+", required=True, metavar="FILE", help="runtime TOML files"
    )
    arguments = parser.parse_args()
    configure_logging(os.environ.get("KUMIHIMO_LOG", "warning"))
    try:
        uvloop.run(run([load_settings(path) for path in arguments.settings]))
    except (SettingsError, SecondWriterError, MigrationError, *AWAY) as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
