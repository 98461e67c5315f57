"""What the documents point at is there: files, tests, decisions, and the same structure in both READMEs."""

import re
import tomllib

import pytest
from architecture_source import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/kumihimo/*/README.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)")
PATH = re.compile(r"`((?:tests|docs|src|scripts)/[A-Za-z0-9_./…<>*-]+)`")
TEST = re.compile(r"`(test_[a-z0-9_]+)`")


def known_tests() -> set[str]:
    defined = re.compile(r"def (test_[a-z0-9_]+)")
    return {name for file in ROOT.glob("tests/**/*.py") for name in defined.findall(file.read_text("utf-8"))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    links = [link for link in LINK.findall(page.read_text("utf-8")) if link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_named_exists(page):
    named = [path for path in PATH.findall(page.read_text("utf-8")) if not re.search("[<…]", path)]
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


def test_every_test_named_exists():
    named = {name for page in PAGES for name in TEST.findall(page.read_text("utf-8"))}
    assert {name for name in named if not name.endswith("_")} - known_tests() == set()


def test_every_decision_is_listed_and_says_what_enforces_it():
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text("utf-8")
    for page in folder.glob("0*.md"):
        text = page.read_text("utf-8")
        assert f"]({page.name})" in index
        assert f"[{text.splitlines()[0].removeprefix('# ')}]" in index
        assert all(f"**{part}" in text for part in ("Decision", "Why", "Consequences", "Enforced by"))


def test_every_dependency_has_its_reason_written_down():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.split(r"[^a-z0-9-]", requirement)[0] for requirement in wanted}
    reasons = (ROOT / "docs" / "adr" / "0002-dependencies.md").read_text("utf-8")
    assert {name for name in names if not re.search(rf"\b{name}\b", reasons)} == set()


def test_both_readmes_have_the_same_sections_and_commands():
    english, japanese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.ja.md"))
    assert len(re.findall("^## ", english, re.M)) == len(re.findall("^## ", japanese, re.M))
    shell = re.compile(r"```sh\n(.*?)```", re.S)
    commands = [
        [re.sub(r"\s*#.*", "", block) for block in shell.findall(text)] for text in (english, japanese)
    ]
    assert commands[0] == commands[1]


def test_every_room_with_its_duty_is_on_the_map():
    written = (ROOT / "docs" / "map.md").read_text("utf-8")
    rooms = [page.parent.name for page in ROOT.glob("src/kumihimo/*/README.md")]
    assert [room for room in rooms if f"| `{room}` |" not in written] == []
