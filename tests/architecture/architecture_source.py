"""The source tree as the architecture tests read it: rooms, modules, and the order of the map."""

import ast
from configparser import ConfigParser
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "kumihimo"


@dataclass(frozen=True)
class Source:
    """One module: its room, its path below the package, its text and syntax tree."""

    room: str
    path: str
    text: str
    tree: ast.Module


@cache
def layers() -> tuple[frozenset[str], ...]:
    """The rooms of the map from the lowest layer to the highest, as the import contract orders them."""
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    lines = contracts["importlinter:contract:map"]["layers"].split("\n")
    named = [line.replace("(", "").replace(")", "").split("|") for line in lines if line.strip()]
    return tuple(frozenset(name.strip().removeprefix("kumihimo.") for name in line) for line in named[::-1])


@cache
def rooms() -> tuple[str, ...]:
    """The rooms that hold any Python."""
    return tuple(sorted({path.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/**/*.py")}))


@cache
def sources() -> tuple[Source, ...]:
    """Every module of every room."""
    return tuple(_read(path) for path in sorted(PACKAGE.glob("*/**/*.py")))


@cache
def public_names(room: str) -> frozenset[str]:
    """What a room exports: the `__all__` of its `__init__`; empty if it has none."""
    face = PACKAGE / room / "__init__.py"
    if not face.exists():
        return frozenset()
    for node in ast.parse(face.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                return frozenset(ast.literal_eval(value))
            case ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value):
                return frozenset(ast.literal_eval(value))
    return frozenset()


def _read(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    inside = path.relative_to(PACKAGE)
    return Source(inside.parts[0], inside.as_posix(), text, ast.parse(text))
