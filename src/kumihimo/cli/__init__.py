"""One command for all of Kumihimo. Progress and talk go to standard error, results to standard output."""

from kumihimo.cli.main import main

__all__ = ["main"]
