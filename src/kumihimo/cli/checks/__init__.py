"""What `kumihimo check` looks at: pure checks over law, layouts, queries and institution files."""

from kumihimo.cli.checks.institutions import Declared, check_institutions, read_institutions
from kumihimo.cli.checks.law import check_law
from kumihimo.cli.checks.report import Finding, Report

__all__ = [
    "Declared",
    "Finding",
    "Report",
    "check_institutions",
    "check_law",
    "read_institutions",
]
