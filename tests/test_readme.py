"""Does the README tell the truth? Its commands are run in order, in a terminal, and must print what it shows; its Python too."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WIDE = 140


def blocks() -> list[tuple[str, str]]:
    """Return the README's fenced blocks in order: label and text."""
    return [(match[1], match[2]) for match in _BLOCK.finditer(README.read_text(encoding="utf-8"))]


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Return a console block's commands, each with the lines that it is shown to print."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        elif found:
            found[-1][1].append(line.rstrip())
    return found


def in_a_terminal(command: str, *, cwd: Path, env: dict[str, str]) -> tuple[int, list[str]]:
    """Run a shell command whose output is a terminal; return its exit code and the lines that a person sees."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, _WIDE, 0, 0))
    child = subprocess.Popen(
        ["/bin/sh", "-c", command], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    output = b""
    while True:
        try:
            data = os.read(ours, 1 << 16)
        except OSError:  # Linux says so when the last writer is gone
            break
        if not data:
            break
        output += data
    os.close(ours)
    text = output.decode().replace("\r\n", "\n")
    seen = re.sub(r"\r[^\r\n]*\x1b\[K", "", text)  # a line of progress is drawn over and taken away
    return child.wait(), [line.rstrip() for line in seen.splitlines()]


def matches(shown: list[str], printed: list[str]) -> bool:
    """Say whether printed lines are those that are shown, where a line `...` stands for any lines."""
    if not shown:
        return True
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + r"\n" for line in shown)
    return re.fullmatch(pattern, "".join(line + "\n" for line in printed)) is not None


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which `audit-reports` is this checkout's program."""
    programs = tmp_path / "bin"
    programs.mkdir()
    shim = programs / "audit-reports"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error::SyntaxWarning -m audit_reports "$@"\n')
    shim.chmod(0o755)
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    # A size in the environment would win over the terminal's own.
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return inherited | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths, "TERM": "dumb"}


@pytest.mark.slow
def test_the_readme_can_be_followed(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    names: dict[str, Any] = {}
    done = {"console": 0, "python": 0, "toml": 0}
    for label, text in blocks():
        if label == "toml":  # the README says where to put it
            (place / "audit-reports.toml").write_text(text, encoding="utf-8")
        elif label == "python":
            exec(compile(text, "README.md", "exec"), names)  # noqa: S102 - it is our own text
        elif label == "console":
            for command, shown in commands(text):
                code, printed = in_a_terminal(command, cwd=place, env=environment)
                assert code == 0, "\n".join([f"$ {command}", *printed])
                assert matches(shown, printed), "\n".join([f"$ {command}", *printed])
        done[label] = done.get(label, 0) + 1
    assert all(done.values()), done


def test_what_the_readme_points_at_is_there() -> None:
    text = README.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / target).exists(), target
