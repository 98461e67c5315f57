"""Lints over syntax trees. Each yields the lines at which a house rule is broken, with a reason."""

import ast
from collections.abc import Callable, Iterator

LOGGING = frozenset(
    {"debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log", "msg", "bind"}
    | {"print", "echo", "secho"}
)


def doors(tree: ast.Module, room: str, public: Callable[[str], frozenset[str]]) -> Iterator[str]:
    """Imports that reach past another room's public face."""
    for node in ast.walk(tree):
        for other, name in _imported_from_rooms(node):
            if other != room and name not in public(other):
                yield f"line {node.lineno}: {name} is not in the public face of {other}"


def numbers_made(tree: ast.Module) -> Iterator[str]:
    """Places that could make an individual number out of text."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=held, attr=attribute) if _called(held) == "IndividualNumber":
                yield f"line {node.lineno}: IndividualNumber.{attribute}"
            case ast.Call(func=function, args=arguments):
                if _called(function) == "IndividualNumber":
                    yield f"line {node.lineno}: IndividualNumber(...)"
                if _called(function) not in {"isinstance", "cast"}:
                    yield from (
                        f"line {node.lineno}: IndividualNumber handed on"
                        for argument in arguments
                        if _called(argument) == "IndividualNumber"
                    )
            case ast.alias(name="IndividualNumber", asname=str()):
                yield f"line {node.lineno}: IndividualNumber under another name"


def codes_derived(tree: ast.Module) -> Iterator[str]:
    """Group arithmetic, or an institution code put together by hand."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any(alias.name.split(".")[0] == "rbcl" for alias in names):
                yield f"line {node.lineno}: import of rbcl"
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "rbcl":
                yield f"line {node.lineno}: import from rbcl"
            case ast.alias(name=name) | ast.Attribute(attr=name) | ast.Name(id=name) if (
                "ristretto255" in name
            ):
                yield f"line {node.lineno}: {name}"
            case ast.alias(name="InstitutionCode", asname=str()):
                yield f"line {node.lineno}: InstitutionCode under another name"
            case ast.Call(func=function) if _called(function) == "InstitutionCode":
                yield f"line {node.lineno}: InstitutionCode(...)"


def revealed(tree: ast.Module) -> Iterator[str]:
    """Secrets put into text: formatted, logged, or told in an exception."""
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr():
                told, where = [node], "an f-string"
            case ast.BinOp(op=ast.Mod(), right=right):
                told, where = [right], "a formatted string"
            case ast.Call(func=ast.Attribute(attr="format")):
                told, where = [*node.args, *node.keywords], "a formatted string"
            case ast.Call(func=function) if _called(function) in LOGGING:
                told, where = [*node.args, *node.keywords], f"{_called(function)}()"
            case ast.Raise(exc=ast.expr() as error):
                told, where = [error], "an exception"
            case _:
                continue
        if any(_reveals(part) for part in told):
            yield f"line {node.lineno}: reveal() in {where}"


def undocumented(tree: ast.Module) -> Iterator[str]:
    """A module, or a public class or function of it, without a docstring."""
    if not ast.get_docstring(tree):
        yield "line 1: the module has no docstring"
    for node in tree.body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ):
            yield f"line {node.lineno}: {node.name} has no docstring"


def long_functions(tree: ast.Module, limit: int = 60) -> Iterator[str]:
    """Functions longer than the limit, from `def` to the last line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > limit:
                yield f"line {node.lineno}: {node.name} has {length} lines"


def _imported_from_rooms(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.ImportFrom(module=str(module), level=0, names=names) if module.startswith("kumihimo."):
            parts = module.split(".")
            yield from ((parts[1], name) for name in (parts[2:3] or [alias.name for alias in names]))
        case ast.Import(names=names):
            for alias in names:
                parts = alias.name.split(".")
                if parts[0] == "kumihimo" and len(parts) > 2:
                    yield parts[1], parts[2]


def _called(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _reveals(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "reveal"
        for part in ast.walk(node)
    )
