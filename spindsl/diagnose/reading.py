"""Text that is no TOML, and changes by --set."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any, cast

from ..errors import Finding, MeaningError, SpecError

INLINE = "an inline table stays on one line, without a comma after its last key; else head it [table]"
THREE = "text of many lines needs three quotes"
MESSAGES = {  # how tomllib begins -> our words, what to do
    "Expected '=' after a key": ("no `=` after the key", "write key = value"),
    "Expected newline or end": ("more text where the line should end", "one key a line, notes after #"),
    "Expected ']' at": ("the table's name is not closed", "write [table]"),
    "Expected ']]' at": ("the table's name is not closed", "write [[table]]"),
    "Unclosed array": ("a `,` or the closing `]` of the array is missing before here", ""),
    "Unclosed inline table": ("a `,` or the closing `}` of the table is missing before here", INLINE),
    "Invalid initial character for a key part": ("no key can begin here", INLINE),
    "Unterminated string": ("the text has no closing quote", ""),
    "Illegal character '\\n'": ("the text has no closing quote", THREE),
    "Found invalid character '\\n'": ("the text has no closing quote", THREE),
    'Expected "\'"': ("the text has no closing quote", ""),
    "Unescaped '\\'": ("a lone \\ in text", "double it, or put the text in 'single quotes'"),
    "Invalid statement": ("neither a key nor a table begins here", "write key = value, or [table]"),
    "Invalid value": ("no TOML value", 'values are 3, 3.0, true, "text", [1, 2], { kind = "kde" }'),
}
TWICE = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Cannot redefine", "Duplicate inline")
VALUES = {"True": "true", "False": "false", "NaN": "nan", "Inf": "inf", "None": "", "null": ""}
BARE = re.compile(r"[^\s,\]}#=\"']+")


@dataclass(frozen=True)
class Given(Finding):
    """A finding on what came by `--set`, not by the file."""

    said: str = ""


def unreadable(text: str, error: Exception) -> SpecError:
    """A file that is no TOML, from what tomllib said (or, if it is not UTF-8, from the decoder)."""
    if isinstance(error, UnicodeDecodeError):
        line = error.object[: error.start].count(b"\n") + 1
        return SpecError([Finding("E100", "not UTF-8 text", line=line, column=1, hint="save it as UTF-8")])
    if not isinstance(error, tomllib.TOMLDecodeError):
        return SpecError([excessive(text, error)])
    said = str(error)
    line, column = position(text, said)
    if said.startswith("Unescaped"):
        line, column = backslash(text, said, line, column)
    if said.startswith(TWICE):
        return SpecError(
            repeated(text)
            or [Finding("E107", "a key or table given twice", (), line, column, hint="drop one of the two")]
        )
    whole = text.split("\n")[line - 1].rstrip()
    message, hint = worded(said, whole[: column - 1], whole[column - 1 :])
    word = BARE.match(whole[column - 1 :])
    return SpecError([Finding("E100", message, (), line, column, len(word[0]) if word else 1, hint)])


def excessive(text: str, error: Exception) -> Finding:
    """TOML beyond what Python reads: very deep, or an integer of thousands of digits."""
    deep = isinstance(error, RecursionError)
    extreme = max(re.finditer(r"[\[{][\[{\s]*" if deep else r"[\d_]+", text), key=lambda m: len(m[0]))
    line, before = text.count("\n", 0, extreme.start()) + 1, text[: extreme.start()]
    message = "nested too deeply" if deep else "a number has too many digits"
    return Finding(
        "E100", message, (), line, len(before) - before.rfind("\n"), hint="nest less deeply, or write fewer digits"
    )


def repeated(text: str) -> list[Finding]:
    """Every key or table that is given twice."""
    from .places import Places

    places = Places(text)
    found = []
    for path, (line, column, width) in places.repeats:
        note = f"first given on line {places[path].key.line}"
        found.append(Finding("E107", "given twice", path, line, column, width, note))
    return found


def position(text: str, said: str) -> tuple[int, int]:
    """Line and column in tomllib's message; the end of the text where it says so."""
    if at := re.search(r"\(at line (\d+), column (\d+)\)$", said):
        return int(at[1]), int(at[2])
    lines = text.rstrip().split("\n")
    return len(lines), len(lines[-1].rstrip()) + 1


def backslash(text: str, said: str, line: int, column: int) -> tuple[int, int]:
    """Where a lone backslash stands: tomllib is past the character that follows, a line's end or nothing."""
    if "end of document" in said:
        return line, column - 1
    return (line, column - 2) if column > 2 else (line - 1, len(text.split("\n")[line - 2].rstrip("\r")))


def worded(said: str, before: str, rest: str) -> tuple[str, str]:
    """tomllib's message in our words, and what to do; the line is given up to the place, and from it on."""
    plain = re.sub(r" \(at [^()]*\)$", "", said)
    message, hint = next((m for start, m in MESSAGES.items() if said.startswith(start)), (plain, ""))
    if rest.startswith("\ufeff"):
        return "the file begins with a byte order mark", "save it as UTF-8 without one"
    if said.startswith("Invalid value"):
        return valueless(rest) or (message, hint)
    if said.startswith("Expected '='") and rest.startswith(":"):
        return message, "write `=`, not `:`"
    if said.startswith("Expected newline"):
        return message, continued(before, rest) or hint
    if said.startswith("Invalid statement") and not rest[:1].isascii():
        return message, f'quote a key that is not plain ASCII: "{rest.partition("=")[0].strip()}"'
    return message, hint


def valueless(rest: str) -> tuple[str, str] | None:
    """What is wrong with something that is no value."""
    word = BARE.match(rest)
    if not word:
        return ("the key has no value", "") if not rest else None
    if word[0] in VALUES:
        right = VALUES[word[0]]
        return f"`{word[0]}` is no TOML value", f"write {right}" if right else "drop the key"
    if re.match(r"[+-]?\.\d", word[0]):
        return f"`{word[0]}` is no TOML number", "put a digit before the point"
    plain = word[0].strip("“”„‘’«»")
    return f"`{word[0]}` is no TOML value", f'text needs {"straight " * (plain != word[0])}quotes: "{plain}"'


def continued(before: str, rest: str) -> str:
    """What to do about text that follows a value on its line."""
    if re.match(r"\.(\s|$)", rest):
        return "put a digit after the point"
    if re.match(r",\d", rest):
        return "group digits by _, as in 100_000"
    if re.match(r"\d", rest) and re.search(r"\b0$", before):
        return "a number does not begin with 0"
    return ""


def change(table: dict[str, Any], changes: tuple[str, ...]) -> None:
    """Put every "a.b=VALUE" into the table, in place; SpecError for all that cannot be."""
    wrong = []
    for said in changes:
        try:
            put(table, *assigned(said))
        except MeaningError as error:
            wrong.append(Given(error.code, str(error), error.path, hint=error.hint, said=said))
    if wrong:
        raise SpecError(wrong)


def assigned(said: str) -> tuple[tuple[str | int, ...], Any]:
    """Path and value of "a.b=VALUE", MeaningError if it is none. A number in the path counts in an array."""
    for k in (k for k, c in enumerate(said) if c == "="):
        path = parts(said[:k])
        if path:
            return path, value(said[:k], said[k + 1 :])
    raise MeaningError("not of the form a.b=VALUE", code="E111", hint="write --set dynamics.beta=3.0")


def parts(key: str) -> tuple[str | int, ...]:
    """The parts of a dotted key; empty if it is none."""
    try:
        inner: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str | int] = []
    while isinstance(inner, dict):
        [(part, inner)] = inner.items() if len(inner) == 1 else [("", None)]
        path.append(int(part) if part.isascii() and part.isdigit() else part)
    return tuple(path) if inner == 0 else ()


def value(key: str, text: str) -> Any:
    """A TOML value."""
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        table = {}
    if len(table) == 1:
        return table["value"]
    word = text.strip()
    quoted = f"text needs quotes: --set '{key.strip()}=\"{word}\"'"
    plain = BARE.fullmatch(word) or re.fullmatch(r"[\w .-]*\w", word)
    hint = quoted if plain else MESSAGES["Invalid value"][1]
    hint = f"write {VALUES[word]}" if VALUES.get(word) else hint
    raise MeaningError(f"`{word}` is no TOML value" if word else "no value", code="E111", hint=hint)


def put(table: dict[str, Any], path: tuple[str | int, ...], new: Any) -> None:
    """Set one value; tables on the way are made where they are absent."""
    at: Any = table
    for depth, key in enumerate(path):
        last = depth == len(path) - 1
        if isinstance(at, dict):
            key = str(key)
            at[key] = new if last else at.get(key, {})
        elif not isinstance(at, list):
            raise MeaningError(
                "no table, so no key of it can be set", *path[:depth], code="E111", hint="set a key of a table"
            )
        elif not isinstance(key, int) or key >= len(at):
            hint = f"it has {len(at)}, counted from 0"
            raise MeaningError("no such element of the array", *path[: depth + 1], code="E111", hint=hint)
        elif last:
            at[key] = new
        at = cast(Any, at)[key]
