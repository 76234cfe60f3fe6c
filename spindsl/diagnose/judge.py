"""A table held against a model: every mistake, by path.

pydantic tells what fails; of a union only the branch that `kind`, or the shape of the value, means is judged.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ..errors import Finding, MeaningError
from ..spec import SWEEPABLE
from .forms import bare, branches, closest, fitting, homes, keys, kinds, modelled, shapes, understood, within
from .places import Path
from .resemblance import nearest, paired
from .wording import accepts, described, dotted, found, header, literal, mended, quoted, sized, spoken, wanted

Failures = Sequence[ErrorDetails]  # as pydantic tells them
Homes = Mapping[str, Path]  # key -> the table that it belongs in

STRICT = ConfigDict(strict=True, allow_inf_nan=False)
BOUNDS = {
    "greater_than": ("gt", "must be greater than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}
PATTERNS = {
    r"^[A-Za-z][A-Za-z0-9_-]*$": "a name: a letter, then letters, digits, _ and -",
    r"^[a-z]+(\.[A-Za-z0-9_-]+)+$": "a dotted path such as analysis.drive.score",
    SWEEPABLE: "the dotted path of a parameter such as dynamics.beta",
}


def mistakes(model: type[BaseModel], table: dict[str, Any]) -> list[Finding]:
    """Every mistake of a file, by path, without lines."""
    known = homes(model, table)
    found = list(judge(model, table, (), known))
    strays = [f.path for f in found if f.code in ("E101", "E110")]
    if strays:  # what the unknown keys hid
        rest = judge(model, without(table, strays), (), known)
        found += [f for f in rest if f.code != "E102" and f.path not in {g.path for g in found}]
    moved = {(*known.get(str(f.path[-1]), ()), f.path[-1]) for f in found if f.code == "E110"}
    return [f for f in found if f.code != "E102" or f.path not in moved]


def without(table: dict[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    """A copy that lacks the paths."""
    table = copy.deepcopy(table)
    for *outer, last in paths:
        at: Any = table
        for key in outer:
            at = at[key]
        del at[last]
    return table


def judge(form: Any, value: Any, path: Path, known: Homes, about: str = "") -> Iterator[Finding]:
    """The mistakes of a value that should be of a type; `about` says what the value is."""
    options = fitting(form, value)
    if not options:
        message = f"wanted {wanted(form)}, found {found(value)}"
        yield Finding("E103", message, path, hint=mended(form, value, path), notes=noted(about))
        return
    if named := kinds(options):
        yield from unkind(named, value, path)
        kind = value.get("kind")
        if kind is None and len(named) == 1:
            kind = next(iter(named))
            value = {k: v for k, v in value.items() if k != misnamed(named, value)} | {"kind": kind}
        options = [named[kind]] if isinstance(kind, str) and kind in named else []
    if options:
        yield from judged(closest(options, value), form, value, path, known, about)


def judged(one: Any, form: Any, value: Any, path: Path, known: Homes, about: str) -> Iterator[Finding]:
    """The mistakes of a value held against one branch of its type."""
    errors = failures(one, value)
    yield from (f for e in errors if not e["loc"] for f in leaves(e, one, value, path, about))
    errors = [e for e in errors if e["loc"]]
    if modelled(one):
        own = [e for e in errors if len(e["loc"]) == 1 and e["type"] in ("missing", "extra_forbidden")]
        yield from misplaced(one, form, value, path, known, own)
        errors = [e for e in errors if e not in own]
    elif nameless(one, value):
        yield Finding("E110", "this table has no name", path, hint=f"head it [{dotted(path)}.NAME]")
        errors = [e for e in errors if isinstance(value[e["loc"][0]], dict)]
    elif short := [e for e in errors if e["type"] == "missing" and len(e["loc"]) == 1 and isinstance(value, list)]:
        count = f"must hold {len(value) + len(short)} values, found {len(value)}"
        yield Finding("E105", count, path, notes=noted(about), hint=f"give {len(value) + len(short)} values")
        errors = [e for e in errors if e not in short]
    held: Any = value
    for key in dict.fromkeys(e["loc"][0] for e in errors):
        mine = [e for e in errors if e["loc"][0] == key]
        rest = [e for e in mine if e["loc"][1:] != ("[key]",)]
        for wrong in [e for e in mine if e not in rest]:
            if meant := unquoted(within(one, key), str(key), held[key], wrong):
                hint = f"quote the whole path: {', '.join(map(quoted, meant))}"
                yield Finding("E109", "dotted keys without quotes are tables", (*path, key), hint=hint)
                rest = []
            else:
                yield misnomer(wrong, str(key), (*path, key), known)
        if rest:
            yield from inside(one, value, path, known, described(one, key, about), rest)


def inside(one: Any, value: Any, path: Path, known: Homes, about: str, errors: Failures) -> Iterator[Finding]:
    """The mistakes of what a value holds at one key; in pydantic's words where we have none better."""
    key = errors[0]["loc"][0]
    form = within(one, key)
    found = list(judge(form, value[key], (*path, key), known, about)) if understood(form) else []
    yield from found or [f for e in errors for f in leaves(e, form, e["input"], (*path, *e["loc"]), about)]


def failures(form: Any, value: Any) -> list[ErrorDetails]:
    """What pydantic says of a value."""
    try:
        TypeAdapter(form, config=None if modelled(form) else STRICT).validate_python(value)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def nameless(one: Any, value: Any) -> bool:
    """Whether a word stands where named words should."""
    word = isinstance(value, dict) and isinstance(value.get("kind"), str)
    return word and bool(kinds(branches(within(one, ""))))


# keys


def misplaced(one: Any, form: Any, value: dict, path: Path, known: Homes, errors: Failures) -> Iterator[Finding]:
    """Unknown keys and missing ones; two that resemble each other are one mistake."""
    unknown = [str(e["loc"][0]) for e in errors if e["type"] == "extra_forbidden"]
    missing = [str(e["loc"][0]) for e in errors if e["type"] == "missing"]
    renamed = paired(unknown, missing)
    for key in unknown:
        code, message, hint = stray(key, one, form, value, known)
        if key in renamed:
            code, message = "E101", "unknown key"
            hint = f"did you mean `{renamed[key]}`?  (required key `{renamed[key]}` is missing)"
        yield Finding(code, message, (*path, key), hint=hint, notes=(accepts(one, form, path),))
    for key in missing:
        if key not in renamed.values():
            table = not path and shapes(within(one, key)) == {"a table"}
            hint = f"add [{key}]" if table else f"add {described(one, key, '')}"
            yield Finding("E102", f"missing {'table' if table else 'key'}", (*path, key), hint=hint)


def stray(key: str, one: Any, form: Any, value: dict, known: Homes) -> tuple[str, str, str]:
    """Code, message and hint of an unknown key: of another kind, of another table, or misspelt."""
    if owners := [kind for kind, other in others(form).items() if key in keys(other)]:
        return "E101", "unknown key", f"`{key}` is a key of kind {spoken([quoted(k) for k in owners])}"
    if key in known:
        home = dotted(known[key])
        hint = f"it belongs in [{home}]" if home else "it belongs above the first [table]"
        if headed := header((*known[key], key), value[key]):
            hint = f"head it {headed}"
        return "E110", "key in the wrong table", hint
    near = nearest(key, [k for k in keys(one) if k not in value]) or nearest(key, list(keys(one)))
    if near:
        given = "  (it is given already)" if near in value else ""
        return "E101", "unknown key", f"did you mean `{near}`?{given}"
    elsewhere = {nearest(key, [k for k in keys(other) if k != "kind"]): kind for kind, other in others(form).items()}
    near = nearest(key, [k for k in elsewhere if k])
    hint = f"did you mean `{near}`, a key of kind {quoted(elsewhere[near])}?" if near else ""
    return "E101", "unknown key", hint


def others(form: Any) -> dict[str, object]:
    """The words that a table may be, by kind."""
    return kinds(branches(form))


def misnomer(error: ErrorDetails, name: str, path: Path, known: Homes) -> Finding:
    """A key, chosen by the user, that is no good as a name."""
    if error["type"] == "string_pattern_mismatch":
        message, wanted = f"{literal(name)} has the wrong form", f"wanted {pattern(error)}"
        meant = ".".join(map(str, (*known.get(name.rpartition(".")[2], ()), name.rpartition(".")[2])))
        if "." in meant and re.match(error.get("ctx", {})["pattern"], meant):
            return Finding("E109", message, path, hint=f"did you mean {quoted(meant)}?", notes=(wanted,))
        return Finding("E109", message, path, hint=wanted)
    return Finding("E109", sized(error["type"], error.get("ctx", {}), name), path, hint="another name")


def unquoted(form: Any, name: str, value: Any, error: ErrorDetails) -> list[str]:
    """The dotted keys that were meant by tables in tables, where dotted keys are wanted."""
    if error.get("ctx", {}).get("pattern") != SWEEPABLE:
        return []
    own = {key for branch in branches(form) if modelled(branch) for key in keys(branch)}

    def ends(at: str, value: Any) -> list[str]:
        inner = isinstance(value, dict) and not own & value.keys()
        return [end for key, item in value.items() for end in ends(f"{at}.{key}", item)] if inner else [at]

    return [path for path in ends(name, value) if path != name]


# kinds


def unkind(named: Mapping[str, object], value: dict, path: Path) -> Iterator[Finding]:
    """What is wrong with the `kind` of a table, if anything."""
    at, kind, note = (*path, "kind"), value.get("kind"), f"kinds: {', '.join(named)}"
    if "kind" not in value:
        if wrong := misnamed(named, value):
            hint = "did you mean `kind`?  (required key `kind` is missing)"
            yield Finding("E101", "unknown key", (*path, wrong), hint=hint, notes=(note,))
        else:
            hint = f"add kind = {spoken([quoted(k) for k in named])}"
            yield Finding("E102", "missing key", at, hint=hint)
    elif not isinstance(kind, str):
        yield Finding(
            "E103",
            f"wanted text, found {found(kind)}",
            at,
            notes=(note,),
            hint=f"one of {spoken([quoted(k) for k in named])}",
        )
    elif kind not in named:
        near = nearest(kind, list(named))
        hint = f"did you mean {quoted(near)}?" if near else ""
        yield Finding("E104", f"unknown kind {literal(kind)}", at, hint=hint, notes=(note,))


def misnamed(named: Mapping[str, object], value: dict) -> str:
    """The key that was meant to be `kind`, if there is one."""
    strange = [k for k in value if not any(k in keys(form) for form in named.values())]
    told = [k for k in strange if isinstance(value[k], str) and value[k] in named]
    return told[0] if told else nearest("kind", strange)


# values


def leaves(error: ErrorDetails, form: Any, value: Any, path: Path, about: str = "") -> Iterator[Finding]:
    """One failure of a value that has the right shape; several where a word found several at once."""
    cause = error.get("ctx", {}).get("error")
    yield from cause.findings(*path) if isinstance(cause, MeaningError) else [leaf(error, form, value, path, about)]


def leaf(error: ErrorDetails, form: Any, value: Any, path: Path, about: str = "") -> Finding:
    """A failure in pydantic's words, in ours."""
    kind, context, seen = error["type"], error.get("ctx", {}), literal(value)
    cause, hint, code = context.get("error"), "", "E105"
    if kind == "literal_error":
        return unlisted(get_args(bare(form)), value, path, about)
    if kind == "value_error":
        return Finding("E201", str(cause), path, hint="see `spindsl schema`")
    if kind == "finite_number":
        code, message = "E106", f"must be finite, found {seen}"
    elif kind in BOUNDS:
        bound, words = BOUNDS[kind]
        message = f"{words} {context[bound]:.15g}, found {seen}"
    elif kind == "float_type" and isinstance(value, int):
        message = f"too large for a number, found {seen}"
    elif kind.endswith(("too_short", "too_long")):
        message = sized(kind, context, value)
    elif kind == "string_pattern_mismatch":
        code, message, hint = "E108", f"{seen} has the wrong form", f"wanted {pattern(error)}"
    else:
        message = error["msg"][:1].lower() + error["msg"][1:]
    return Finding(code, message, path, hint=hint, notes=noted(about))


def unlisted(listed: Sequence[Any], value: Any, path: Path, about: str) -> Finding:
    """A value that is none of those listed."""
    if path == ("spindsl",):
        hint = f"this spindsl reads version {spoken([literal(v) for v in listed])}; a newer file needs a newer spindsl"
        return Finding("E112", f"unknown version {literal(value)} of the language", path, hint=hint)
    near = nearest(value, [v for v in listed if isinstance(v, str)]) if isinstance(value, str) else ""
    hint = f"did you mean {quoted(near)}?" if near else ""
    notes = (f"accepts: {', '.join(literal(v) for v in listed)}", *noted(about))
    return Finding("E104", f"unknown value {literal(value)}", path, hint=hint, notes=notes)


def pattern(error: ErrorDetails) -> str:
    """The form of text that was wanted."""
    wanted = error.get("ctx", {})["pattern"]
    return PATTERNS.get(wanted, f"text that matches {wanted}")


def noted(about: str) -> tuple[str, ...]:
    """What a key is, as a note; one that says the name alone is none."""
    return (about,) if ": " in about else ()
