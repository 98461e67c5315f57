"""Who could read records of exchange, found in the source: SQL over the ledger's tables, seals opened."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import kumihimo

PACKAGE = Path(kumihimo.__file__).parent
MIGRATIONS = PACKAGE / "ledger" / "migrations"
_TABLE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(ledger\.\w+)")
_USED = re.compile(r"\bledger\.(\w+)", re.ASCII)


def tables() -> frozenset[str]:
    """The tables of the ledger, by their short names."""
    text = "".join(path.read_text("utf-8") for path in sorted(MIGRATIONS.glob("*.sql")))
    return frozenset(name.removeprefix("ledger.") for name in _TABLE.findall(text))


def statements() -> Iterator[tuple[str, str, str]]:
    """Every text of the package that names a table of the ledger: file, what it stands in, the text."""
    names = tables()
    for path in sorted(PACKAGE.rglob("*")):
        inside = path.relative_to(PACKAGE).as_posix()
        if path.suffix == ".sql" and path.parent != MIGRATIONS:
            found = [("", path.read_text("utf-8"))]
        elif path.suffix == ".py":
            found = list(_texts(ast.parse(path.read_text("utf-8"))))
        else:
            continue
        for where, text in found:
            if names & set(_USED.findall(text)) and " " in text.strip():
                yield inside, where, text


def opened() -> Iterator[tuple[str, str]]:
    """Every place in the ledger's room that opens a sealed value: file and function."""
    for path in sorted((PACKAGE / "ledger").rglob("*.py")):
        for where, node in _placed(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="open" | "open_all", value=held)) if _vault(held):
                    yield path.relative_to(PACKAGE).as_posix(), where


def callers(name: str) -> Iterator[tuple[str, str]]:
    """Every call of a function or method of this name in the package: file and the function it stands in."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for where, node in _placed(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called)) if called == name:
                    yield path.relative_to(PACKAGE).as_posix(), where


def users(name: str, room: str) -> frozenset[str]:
    """The files outside a room that import a public word of it."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        inside = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.ImportFrom(module=str(module), names=names) if module.startswith(f"kumihimo.{room}"):
                    named = {*(alias.name for alias in names), *module.split(".")}
                    if name in named and not inside.startswith(f"{room}/"):
                        found.add(inside)
    return frozenset(found)


def given(name: str) -> frozenset[str]:
    """The files with a call that is given this name."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(args=args, keywords=keywords):
                    handed = [*args, *(keyword.value for keyword in keywords)]
                    if any(isinstance(one, ast.Name) and one.id == name for one in handed):
                        found.add(path.relative_to(PACKAGE).as_posix())
    return frozenset(found)


def _vault(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.strip("_") == "vault"
    return False


def _texts(tree: ast.Module) -> Iterator[tuple[str, str]]:
    docs = {id(node.body[0].value) for node in ast.walk(tree) if _documented(node)}
    for where, node in _placed(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docs:
                yield where, text


def _documented(node: ast.AST) -> bool:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return isinstance(node, kinds) and ast.get_docstring(node) is not None


def _placed(tree: ast.AST, where: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node below, with the function or constant it stands in (the innermost of a module's names)."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                inner = name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                inner = where or name
            case _:
                inner = where
        yield inner, node
        yield from _placed(node, inner)
