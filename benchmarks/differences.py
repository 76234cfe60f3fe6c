"""Two frozen truths side by side: which variables differ, and which expectations are lost."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.hashes import kind_of
from benchmarks.records import Environment, Record, Truth

KINDS = ("simulation", "learned")
MOST_LINES = 20  # of one experiment


@dataclass(frozen=True)
class Difference:
    """What two records of one experiment do not share; variables by path."""

    name: str
    equal: tuple[str, ...] = ()
    different: tuple[str, ...] = ()
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    kept: int = 0  # expectations met in A and in B
    lost: tuple[str, ...] = ()  # met in A, missed or absent in B
    gained: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    broken: bool = False  # ran in A, fails in B

    @property
    def bad(self) -> bool:
        """A simulation variable differs or is gone, an expectation is lost, or the experiment fails."""
        gone = [v for v in (*self.different, *self.only_a) if kind_of(v) == "simulation"]
        return bool(gone or self.lost or self.broken)


def compare_records(name: str, a: Record, b: Record) -> Difference:
    """The difference of two finished records of one experiment."""
    notes = [] if a.text == b.text else ["the text that was run differs"]
    if a.state != "done" or b.state != "done":
        notes.append(f"{a.state} in A, {b.state} in B {b.error or a.error}".strip())
        return Difference(name, notes=tuple(notes), broken=a.state == "done")
    both = sorted(a.variables.keys() & b.variables.keys())
    met_a, met_b = met(a), met(b)
    return Difference(
        name,
        equal=tuple(v for v in both if a.variables[v].sha256 == b.variables[v].sha256),
        different=tuple(v for v in both if a.variables[v].sha256 != b.variables[v].sha256),
        only_a=tuple(sorted(a.variables.keys() - b.variables.keys())),
        only_b=tuple(sorted(b.variables.keys() - a.variables.keys())),
        kept=len(met_a & met_b),
        lost=tuple(sorted(met_a - met_b)),
        gained=tuple(sorted(met_b - met_a)),
        notes=tuple(notes),
    )


def met(record: Record) -> set[str]:
    """The expectations of a record that are met, each as JSON without what was measured."""
    rows = [(row["ok"], {k: v for k, v in row.items() if k not in ("ok", "measured")}) for row in record.expect]
    return {json.dumps(row, sort_keys=True) for ok, row in rows if ok}


def compare_truths(a: Truth, b: Truth) -> tuple[list[Difference], list[str]]:
    """Differences of all experiments finished in both, and warnings about the rest and about unlike machines."""
    finished_a = {n: r for n, r in a.records.items() if r.state != "running"}
    finished_b = {n: r for n, r in b.records.items() if r.state != "running"}
    warnings = [] if a.size == b.size else [f"A is {a.size}, B is {b.size}"]
    for one, other, letter in ((finished_a, finished_b, "A"), (finished_b, finished_a, "B")):
        if missing := sorted(one.keys() - other.keys()):
            warnings.append(f"only in {letter}: {', '.join(missing)}")
    differences, unlike = [], set()
    for name in sorted(finished_a.keys() & finished_b.keys()):
        one, other = finished_a[name], finished_b[name]
        differences.append(compare_records(name, one, other))
        unlike |= set(unlike_parts(a.environments[one.environment], b.environments[other.environment]))
    return differences, [*warnings, *sorted(unlike)]


def unlike_parts(a: Environment, b: Environment) -> list[str]:
    """What differs between two environments and can change bits; the revision of the code is meant to differ."""
    found = [f"{k}: {a.bits[k]} in A, {b.bits.get(k)} in B" for k in a.bits if a.bits[k] != b.bits.get(k)]
    return [line if len(line) < 200 else line.split(":")[0] + ": unlike" for line in found]


def lines_of(difference: Difference, a: Record, b: Record) -> list[str]:
    """One line of counts, then a line for each variable or expectation that differs."""
    counts = []
    for kind in KINDS:
        parts = [
            f"{sum(kind_of(v) == kind for v in paths)} {word}"
            for word, paths in (
                ("equal", difference.equal), ("different", difference.different),
                ("only in A", difference.only_a), ("only in B", difference.only_b),
            )
            if word == "equal" or any(kind_of(v) == kind for v in paths)
        ]  # fmt: skip
        counts.append(f"{kind} {', '.join(parts)}")
    met_before = difference.kept + len(difference.lost)
    counts.append(f"expectations kept {difference.kept} of {met_before}")
    lines = [f"{'BAD ' if difference.bad else 'ok  '}{difference.name}: {'; '.join(counts)}"]
    lines += [f"      note: {note}" for note in difference.notes]
    lines += shorten([f"      different {v} {change_of(v, a, b)}" for v in simulation_first(difference.different)])
    for letter, paths in (("A", difference.only_a), ("B", difference.only_b)):
        lines += shorten([f"      only in {letter} {v}" for v in simulation_first(paths)])
    lines += [f"      lost {row}" for row in difference.lost] + [f"      gained {row}" for row in difference.gained]
    return lines


def simulation_first(paths: Sequence[str]) -> list[str]:
    """Paths in order, those of the simulation before all others."""
    return sorted(paths, key=lambda path: (kind_of(path) != "simulation", path))


def shorten(lines: list[str]) -> list[str]:
    """The first lines of many."""
    return lines if len(lines) <= MOST_LINES else [*lines[:MOST_LINES], f"      … {len(lines) - MOST_LINES} more"]


def change_of(path: str, a: Record, b: Record) -> str:
    """How a variable differs: its type or shape, else the means of both."""
    one, other = a.variables[path], b.variables[path]
    if (one.dims, one.dtype, one.shape) != (other.dims, other.dtype, other.shape):
        return f"{one.dims} {one.dtype} {one.shape} -> {other.dims} {other.dtype} {other.shape}"
    return f"(mean {one.mean!r} -> {other.mean!r})"


def report(a: Truth, b: Truth) -> tuple[list[str], bool]:
    """All lines of a comparison, and whether B keeps the truth of A."""
    differences, warnings = compare_truths(a, b)
    lines = [f"warning: {w}" for w in warnings]
    for difference in differences:
        lines += lines_of(difference, a.records[difference.name], b.records[difference.name])
    bad = [d.name for d in differences if d.bad]
    lines.append(f"{len(differences)} experiments compared, {len(bad)} bad{': ' if bad else ''}{', '.join(bad)}")
    return lines, not bad


def totals(records: Mapping[str, Record]) -> str:
    """Experiments by state, and the time that they took."""
    states = [r.state for r in records.values()]
    cpu, wall = sum(r.cpu for r in records.values()), sum(r.wall for r in records.values())
    counts = ", ".join(f"{states.count(s)} {s}" for s in sorted(set(states)))
    return f"{counts}; {cpu:.0f} s of CPU, {wall:.0f} s"
