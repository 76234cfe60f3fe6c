"""A finding as text for people or JSON for programs."""

from __future__ import annotations

import textwrap
import unicodedata

from ..errors import Finding
from ..params import Json
from .reading import Given
from .wording import dotted

COLUMNS = 80
RED, YELLOW, BLUE, BOLD = "31;1", "33;1", "34", "1"


def render(finding: Finding, file: str, text: str, colour: bool = False) -> str:
    """The finding with its line, a caret, the hint and the notes, 80 columns wide where the text allows.

    error[E101] glass.toml:4:1  system.spin: unknown key
      |
    4 | spin = 256
      | ^^^^ did you mean `spins`?  (required key `spins` is missing)
      = kind "spin-glass" accepts: spins, graph, couplings
    """
    paint = (lambda code, text: f"\x1b[{code}m{text}\x1b[0m") if colour else (lambda code, text: text)
    alarm = YELLOW if finding.warns else RED
    level = f"{'warning' if finding.warns else 'error'}[{finding.code}]"
    what = ": ".join(filter(None, (dotted(finding.path), finding.message)))
    lines = wrapped(f"{level} {where(finding, file)}  {what}", "    ")
    lines[0] = paint(alarm, level) + paint(BOLD, lines[0].removeprefix(level))
    margin, hint, bar = " " * len(str(finding.line)), finding.hint, paint(BLUE, "|")
    if finding.line:
        code, pad, carets = excerpt(finding, text, COLUMNS - len(margin) - 3)
        fits = len(margin) + 3 + pad + len(carets) + 1 + cells(hint) <= COLUMNS
        pointer = " " * pad + paint(alarm, f"{carets} {hint}" if hint and fits else carets)
        number = paint(BLUE, str(finding.line))
        lines += [f"{margin} {bar}", f"{number} {bar} {code}", f"{margin} {bar} {pointer}"]
        hint = "" if fits else hint
    for note in filter(None, (hint, *finding.notes)):
        first, *rest = wrapped(note, "", COLUMNS - len(margin) - 3)
        lines += [f"{margin} {paint(BLUE, '=')} {first}", *(f"{margin}   {line}" for line in rest)]
    return "\n".join(lines)


def where(finding: Finding, file: str) -> str:
    """The place as editors read it, or the `--set`."""
    if isinstance(finding, Given):
        return f"--set {finding.said if len(finding.said) <= 60 else finding.said[:59] + '…'}"
    return f"{file}:{finding.line}:{finding.column}" if finding.line else file


def wrapped(text: str, indent: str, width: int = COLUMNS) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [
        text
    ]


def excerpt(finding: Finding, text: str, room: int) -> tuple[str, int, str]:
    """The line, cut to `room` around the caret; the cells before the caret; the carets."""
    lines = text.split("\n")
    line = lines[finding.line - 1].rstrip() if finding.line <= len(lines) else ""
    shown = ["    " if c == "\t" else c if c.isprintable() else "\ufffd" for c in line]
    start, end = finding.column - 1, finding.column - 1 + finding.width
    first, head, tail = 0, "", ""
    if cells("".join(shown)) > room:
        first = max(0, start - room // 3) if cells("".join(shown[:end])) > room - 1 else 0
        head = "…" if first else ""
        last = first
        while last < len(shown) and cells("".join(shown[first : last + 1])) <= room - 2:
            last += 1
        tail = "…" if last < len(shown) else ""
        shown = shown[:last]
    pad = len(head) + cells("".join(shown[first:start])) + max(0, start - len(shown))
    width = cells("".join(shown[start:end])) or 1
    return head + "".join(shown[first:]) + tail, pad, "^" * width


def cells(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def as_json(findings: list[Finding], file: str) -> list[dict[str, Json]]:
    """Findings as JSON values; line and column are from 1, in characters, and 0 where there is none."""
    return [
        {
            "code": finding.code,
            "severity": "warning" if finding.warns else "error",
            "file": file,
            "set": finding.said if isinstance(finding, Given) else None,
            "line": finding.line,
            "column": finding.column,
            "width": finding.width,
            "path": dotted(finding.path),
            "message": finding.message,
            "hint": finding.hint,
            "notes": list(finding.notes),
        }
        for finding in findings
    ]
