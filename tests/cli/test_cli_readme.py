"""The README shows the program's own help."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def writer():
    loader = SourceFileLoader("readme_help", str(ROOT / "scripts" / "readme-help"))
    spec = spec_from_loader("readme_help", loader)
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        patch.setenv("NO_COLOR", "1")
        loader.exec_module(module)
        yield module


def test_the_help_in_the_readme_is_the_programs_help(writer):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert writer.rewritten(readme) == readme, "run: uv run scripts/readme-help"


def test_a_changed_help_would_be_noticed(writer):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert writer.rewritten(readme.replace("Usage: kumihimo up", "Usage: kumihimo down")) == readme


def test_a_readme_without_the_markers_is_refused(writer):
    with pytest.raises(SystemExit, match="markers"):
        writer.rewritten("# Kumihimo\n")
