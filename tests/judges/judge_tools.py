"""Builds the judges with Debian's Go and nothing from the network, and asks them for their verdict."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent
DEBIAN = Path("/usr/share/gocode")


@dataclass(frozen=True)
class Verdict:
    """What a judge said: its exit code (0 holds, 1 does not, 2 usage) and its words."""

    code: int
    words: str

    @property
    def last(self) -> str:
        return self.words.strip().splitlines()[-1]


@dataclass(frozen=True)
class Judges:
    """Both programs."""

    folder: Path

    def log(self, place: str | Path, key: str, *more: str | Path) -> Verdict:
        return self._asked("logjudge", "-key", key, *more, place)

    def proof(self, proof: Path, entry: Path, key: str, *more: str | Path) -> Verdict:
        return self._asked("logjudge", "-key", key, "-proof", proof, "-entry", entry, *more)

    def file(self, file: Path, policy: Path, *more: str | Path) -> Verdict:
        return self._asked("filejudge", "-policy", policy, *more, file)

    def usage(self, program: str, *words: str) -> Verdict:
        return self._asked(program, *words)

    def _asked(self, program: str, *words: str | Path) -> Verdict:
        done = subprocess.run(
            [self.folder / program, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "goroutine" not in done.stderr, done.stderr
        return Verdict(done.returncode, done.stdout + done.stderr)


def built(folder: Path) -> Judges:
    for program in sorted(main.parent.name for main in SOURCES.glob("src/*/main.go")):
        subprocess.run(
            ["go", "build", "-o", folder / program, program],
            check=True,
            timeout=300,
            cwd=SOURCES,
            env={
                **os.environ,
                "GO111MODULE": "off",
                "GOFLAGS": "",
                "GOPROXY": "off",
                "CGO_ENABLED": "0",
                "GOPATH": f"{SOURCES}:{DEBIAN}",
            },
        )
    return Judges(folder)
