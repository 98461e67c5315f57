"""What an institution is, and where it runs: two TOML files, read once, wrong keys named.

The first file says what the institution *is* (name, roles of the law, what it provides). It is reviewed and
the same everywhere. The second says where it *runs* (address, database, keys, directory) and names the first
by its key `institution`. Each key of the second may be overridden by the environment variable
`KUMIHIMO_<ID>_<KEY>`, the id in capitals with `_` for `-`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path

import msgspec

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class SettingsError(Exception):
    """A settings file cannot be used; the message names the file, the key and what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provides:
    """One information type this institution answers for, from its own register (情報提供者, 番号法22条).

    `query` names a SQL file as "<room>/<name>"; `layout` is the layout version; `cache_seconds` is the age up
    to which a declared copy may answer (0: always live).
    """

    information: str
    layout: int
    query: str
    cache_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Where one institution runs: addresses, database, key folder and whom it trusts for the directory.

    `base_url` has no slash at its end. `directory` lists addresses of the signed directory, tried in order;
    `directory_file` is read instead where it is set (the institution that serves it). `root_1`, `root_2` and
    `commission` are base64url Ed25519 keys: the two operators' and the privacy commission's.
    """

    base_url: str
    database: str = field(repr=False)  # a DSN may carry a password
    keys: Path
    root_1: str
    root_2: str
    commission: str
    directory: tuple[str, ...] = ()
    directory_file: Path | None = None
    directory_seconds: float = 1.0
    host: str = "127.0.0.1"
    port: int = 4700


@dataclass(frozen=True, slots=True, kw_only=True)
class InstitutionSettings:
    """One institution as configuration: what it is under the law, which rooms it runs, and where.

    `number` is the 16-digit 機関コード, `domain` its code domain, `body` the legal body it belongs to,
    `services` what it does for the whole network ("operator-1", "operator-2", "ledger", "numbering").
    `codes_from` names the institutions that may have codes made for it besides itself (番号法21条の2);
    nobody, unless it says so. `options` holds one table per room.
    """

    id: str
    name: str
    name_en: str
    number: str
    domain: str
    body: str
    rooms: tuple[str, ...]
    roles: tuple[str, ...] = ()
    qualifications: tuple[str, ...] = ()
    municipality: str | None = None
    services: tuple[str, ...] = ()
    codes_from: tuple[str, ...] = ()
    provides: tuple[Provides, ...] = ()
    options: dict[str, dict[str, str | int | bool]] = field(default_factory=dict)
    runtime: Runtime

    @property
    def base_url(self) -> str:
        """The address of this institution, without a slash at its end."""
        return self.runtime.base_url

    def option(self, room: str, key: str, default: str | int | bool) -> str | int | bool:
        """The value of one option of a room, or the default."""
        return self.options.get(room, {}).get(key, default)


def load_settings(path: Path, environ: Mapping[str, str] = os.environ) -> InstitutionSettings:
    """Read the runtime file at `path` and the institution file it names; raise SettingsError if unusable."""
    runtime_table = _read(path)
    named = runtime_table.pop("institution", None)
    if not isinstance(named, str):
        raise SettingsError(f"{path}: key 'institution' must name the institution's own TOML file")
    institution_path = path.parent / named
    table = _read(institution_path)
    identifier = table.get("id")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise SettingsError(f"{institution_path}: key 'id' must be small letters, digits and hyphens")
    if "runtime" in table:
        raise SettingsError(f"{institution_path}: key 'runtime' belongs into the runtime file {path}")
    runtime_table |= _overrides(identifier, environ)
    runtime = _convert(runtime_table, Runtime, path)
    if runtime.base_url.endswith("/"):
        raise SettingsError(f"{path}: key 'base_url' must not end with a slash")
    if not runtime.directory and runtime.directory_file is None:
        raise SettingsError(f"{path}: key 'directory' or 'directory_file' must say where the directory is")
    settings = _convert(table | {"runtime": runtime_table}, InstitutionSettings, institution_path)
    return replace(settings, runtime=runtime)  # its paths are relative to its own file


def _overrides(identifier: str, environ: Mapping[str, str]) -> dict[str, object]:
    prefix = f"KUMIHIMO_{identifier.upper().replace('-', '_')}_"
    found: dict[str, object] = {}
    for entry in fields(Runtime):
        value = environ.get(prefix + entry.name.upper())
        if value is not None:
            found[entry.name] = value.split(",") if entry.name == "directory" else value
    return found


def _read(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as fault:
        raise SettingsError(f"{path}: cannot be read ({fault.strerror})") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{path}: is not TOML: {fault}") from fault


def _convert[T](table: dict[str, object], kind: type[T], path: Path) -> T:
    known = {entry.name for entry in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(table) - known)
    if unknown:
        raise SettingsError(f"{path}: unknown key {unknown[0]!r}; known keys are {', '.join(sorted(known))}")
    try:
        # not strict: an environment variable's number arrives as text
        return msgspec.convert(table, kind, strict=False, dec_hook=partial(_path, path.parent))
    except msgspec.ValidationError as fault:
        raise SettingsError(f"{path}: {fault}") from fault


def _path(folder: Path, kind: type, value: object) -> Path:
    """A path in a settings file is relative to that file."""
    if kind is Path and isinstance(value, str):
        return folder / value
    raise TypeError(f"expected {kind.__name__}")
