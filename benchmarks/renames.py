"""Whether a renamed field of a word is noticed wherever it is used: python -m benchmarks.renames [COUNT] [SEED].

Fields of words, drawn by a seed, are renamed where their classes define them, all in one copy of the package. pyright
then has to flag each access `x.field` whose `x` is such a word. What `x` is, pyright itself tells: in the copy every
such access is written reveal_type(x).field. An access is missed where `x` is of a known word but nothing is flagged,
or where the type of `x` is not known (Any). Prints the counts and each miss; exits with 1 if there is one.
"""

import ast
import inspect
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import spindsl
from spindsl.spec import Words, load_all

HOME = Path(spindsl.__file__).parent
AFTER = "_renamed"
Place = tuple[str, int, int]  # file, line and column from 0, in characters


@dataclass(frozen=True)
class Renamed:
    """A field, and the class that defines it."""

    owner: type[Words]
    field: str


@dataclass(frozen=True)
class Use:
    """An access in the copy: where its value begins, and where the name stands."""

    field: str
    value: Place
    name: Place


def subclasses(one: type) -> Iterator[type]:
    for sub in one.__subclasses__():
        yield sub
        yield from subclasses(sub)


def fields() -> list[Renamed]:
    """Every field that a class of the package itself defines and whose value is no word: others hide what is in it."""
    load_all()
    found = []
    for owner in sorted({*subclasses(Words)}, key=lambda c: (c.__module__, c.__qualname__)):
        if not owner.__module__.startswith("spindsl.") or "[" in owner.__qualname__ or "<" in owner.__qualname__:
            continue
        for name in inspect.get_annotations(owner):
            above = any(name in getattr(base, "model_fields", {}) for base in owner.__bases__)
            info = owner.__pydantic_fields__.get(name)
            if info is not None and not above and name != "kind" and "spindsl." not in repr(info.annotation):
                found.append(Renamed(owner, name))
    return found


def rename(copy: Path, one: Renamed) -> None:
    """The field under another name, where its class defines it."""
    path = copy.joinpath(*one.owner.__module__.split(".")[1:]).with_suffix(".py")
    path = path if path.exists() else path.with_suffix("") / "__init__.py"
    text = path.read_text("utf-8")
    lines = text.split("\n")
    body = next(n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ClassDef) and n.name == one.owner.__name__)
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == one.field:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = re.sub(rf"\b{one.field}\b", one.field + AFTER, line, count=1)
    path.write_text("\n".join(lines), encoding="utf-8")


def revealed(text: str, names: set[str]) -> str:
    """The source with reveal_type around what the fields are read of."""
    lines = [line.encode() for line in text.split("\n")]
    marks = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.ctx, ast.Load):
            value = node.value
            marks.append((value.lineno, value.col_offset, 1, b"reveal_type("))
            marks.append((value.end_lineno or 0, value.end_col_offset or 0, 0, b")"))
    for row, column, _, mark in sorted(marks, reverse=True):
        lines[row - 1] = lines[row - 1][:column] + mark + lines[row - 1][column:]
    return b"\n".join(lines).decode()


def uses(file: str, text: str, names: set[str]) -> Iterator[Use]:
    """The accesses that were marked."""
    lines = [line.encode() for line in text.split("\n")]

    def place(row: int, column: int) -> Place:
        return file, row - 1, len(lines[row - 1][:column].decode())

    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in names and isinstance(node.value, ast.Call):
            called = node.value.func
            if isinstance(called, ast.Name) and called.id == "reveal_type":
                first, end = node.value.args[0], node.end_col_offset or 0
                name = place(node.end_lineno or 0, end - len(node.attr))
                yield Use(node.attr, place(first.lineno, first.col_offset), name)


def checked(folder: Path, files: list[str]) -> list[dict]:
    """What pyright says of files of the copy."""
    settings = {"include": files, "typeCheckingMode": "standard", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    program = Path(sys.executable).with_name("pyright")
    command = [str(program), "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["generalDiagnostics"]


def judged(folder: Path, several: list[Renamed]) -> tuple[int, int, list[str]]:
    """Accesses that are flagged, those of other classes, and those missed."""
    names = {one.field for one in several}
    words = {(one.field, word.__name__) for one in several for word in (one.owner, *subclasses(one.owner))}
    found: list[Use] = []
    for path in sorted((folder / "spindsl").rglob("*.py")):
        path.write_text(revealed(path.read_text("utf-8"), names), encoding="utf-8")
        found += uses(path.relative_to(folder).as_posix(), path.read_text("utf-8"), names)
    told: dict[Place, str] = {}
    flagged: set[Place] = set()
    for said in checked(folder, sorted({use.name[0] for use in found})):
        start = said["range"]["start"]
        at = (Path(said["file"]).relative_to(folder).as_posix(), start["line"], start["character"])
        if said["severity"] == "information":
            told[at] = said["message"].rpartition(' is "')[2].rstrip('"')
        elif "attribute" in said["message"].lower():
            flagged.add(at)
    missed, others = [], 0
    for use in found:
        if use.name in flagged:
            continue
        kind = told.get(use.value, "Unknown")
        classes = re.findall(r"\w+", re.sub(r"\[.*\]", "", kind))
        if {"Any", "Unknown"} & {*classes} or any((use.field, one) in words for one in classes):
            missed.append(f"{use.name[0]}:{use.name[1] + 1}: .{use.field} of {kind}")
        else:
            others += 1
    return len(found) - others - len(missed), others, missed


def main(count: int, seed: int) -> int:
    """Rename, check and print."""
    every = fields()
    several = random.Random(seed).sample(every, min(count, len(every)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shutil.copytree(HOME, folder / "spindsl", ignore=shutil.ignore_patterns("__pycache__"))
        for one in several:
            rename(folder / "spindsl", one)
        flagged, others, missed = judged(folder, several)
    told = ", ".join(f"{one.owner.__name__}.{one.field}" for one in several)
    print(f"{len(several)} of {len(every)} fields renamed: {told}")
    print(f"{flagged} uses flagged, {len(missed)} missed; {others} accesses of that name are of other classes")
    print("\n".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*(int(a) for a in [*sys.argv[1:], *("40", "1")[len(sys.argv) - 1 :]])))
