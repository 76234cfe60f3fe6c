"""The command line. Heavy imports stay inside the commands."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .errors import DataError, SpecError, SpindslError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from .errors import Finding
    from .graph import Graph
    from .result import Verdict
    from .run import Run
    from .watching import Stop

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Experiments on driven and disordered matter, from one TOML file to labelled data.",
)  # fmt: skip

File = Annotated[Path, typer.Argument(help="experiment (.toml) or result (.nc)", show_default=False)]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="A.B=VALUE", help="change a key; VALUE is TOML")]
Data = Annotated[Path | None, typer.Option("--data", help="folder of data files (default: beside the experiment)")]
Runs = Annotated[Path, typer.Option("--runs", help="folder of runs and their store")]
Workers = Annotated[int | None, typer.Option("--workers", "-w", min=1, help="threads (default: one a core)")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress")]
Why = Annotated[bool, typer.Option("--why", help="say what made pieces stale: a function, a parameter, a file")]
Format = Annotated[str, typer.Option("--format", help="text or json")]
HERE = Path("runs")


def main() -> None:
    """Entry point: errors of ours become text and an exit code."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a run gives each core a task; more threads only wait
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        app(standalone_mode=True)
    except SpindslError as error:
        if debug:
            raise
        typer.echo(said(error), err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if debug:
            raise
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)


def said(error: SpindslError) -> str:
    """An error for people, with its code and hint if it has them."""
    code, hint = (f"[{error.code}]", error.hint) if isinstance(error, DataError) else ("", "")
    return f"error{code}: {error}" + (f"\n  = {hint}" if hint else "")


@app.command()
def check(file: File, set: Set = None, data: Data = None, format: Format = "text") -> None:
    """Read an experiment and report every mistake in it."""
    run = opened(file, HERE, data, set, format)
    found = absent(run)
    if not found:
        try:
            from .lint import doubts
            from .lower import lower
            from .planning import crammed, fits
            from .planning import plan as planned
            from .room import limits

            graph = lower(run.experiment, run.data, run.judged, limits(run.runs))
            if crammed(graph, run.runs):
                fits(planned(graph, run.store), run.runs)
            found = doubts(run.experiment, run.data)
        except SpecError as error:
            fail(error, file, run.text, format, run.changes)
    tell(found, file, run.text, format, run.changes)
    if format == "text":
        typer.echo(f"{file}: {'valid' if not found else 'valid, with warnings'}")


@app.command()
def plan(file: File, set: Set = None, data: Data = None, runs: Runs = HERE, why: Why = False) -> None:
    """Show the graph: what would be computed, its size and time, and what is stored."""
    from .planning import fits, mixed, totals
    from .planning import plan as planned
    from .room import size

    run = opened(file, runs, data, set)
    graph = graphed(run, file)
    rows = planned(graph, run.store)
    line = "{:<24}{:>8}{:>18}{:>8}{:>10}{:>11}"
    typer.echo(line.format("stage", "points", "pieces stored", "split", "memory", "core time"))
    for total in totals(rows):
        stored = f"{total.pieces - total.lacking} of {total.pieces}"
        along = total.stage.split.dim if total.stage.split else ""
        took = f"{total.seconds:.0f} s" if total.lacking else "-"
        typer.echo(line.format(total.stage.name, total.places, stored, along, size(total.stage.bytes), took))
    left = sum(r.seconds for r in rows)
    typer.echo(f"\nto store {size(sum(r.bytes for r in rows))}; about {left / cores():,.0f} s on {cores()} cores")
    for line in mixed(rows, run.store):
        typer.echo(line)
    if why:
        explained(graph, run)
    try:
        fits(rows, runs)
    except SpecError as error:
        fail(error, file, run.text, changes=run.changes)


def explained(graph: Graph, run: Run) -> None:
    """Print which function, parameter or file makes pieces lacking."""
    from .why import reasons

    found = reasons(graph, run.store)
    for stage, lines in found.items():
        typer.echo("\n".join([f"\n{stage}", *(f"  {line}" for line in lines)]))
    if not found:
        typer.echo("\nnothing is stale")


@app.command()
def run(
    file: File, set: Set = None, data: Data = None, runs: Runs = HERE, workers: Workers = None, quiet: Quiet = False
) -> None:
    """Run an experiment, or go on with it; print where the result lies."""
    carry_out(opened(file, runs, data, set), file, workers, quiet)


@app.command()
def resume(
    path: Annotated[Path, typer.Argument(help="run directory")], workers: Workers = None, quiet: Quiet = False
) -> None:
    """Go on with an interrupted run."""
    from .run import resumed

    carry_out(resumed(path), path / "spec.toml", workers, quiet)


@app.command()
def report(path: Annotated[Path, typer.Argument(help="run directory or result.nc")]) -> None:
    """Write the report of a finished run: one self-contained HTML page."""
    from .report import write
    from .result import open_result

    with open_result(path) as tree:
        typer.echo(write(tree, path if path.is_dir() else path.parent))


@app.command()
def show(path: Annotated[Path, typer.Argument(help="run directory or result.nc")]) -> None:
    """Print what a result holds, and its expectations."""
    from .report.contents import contents
    from .result import open_result

    with open_result(path) as tree:
        typer.echo(tree.attrs["title"])
        for line in contents(tree):
            typer.echo(line)
        expectations(json.loads(tree.attrs["expectations"]))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the language, for editors."""
    from .experiment import schema as text

    typer.echo(text(), nl=False)


@app.command()
def explain(code: Annotated[str, typer.Argument(help="such as E101")]) -> None:
    """Say more about an error code."""
    from .codes import CODES

    if code.upper() not in CODES:
        typer.echo(f"no code {code}; there are {', '.join(sorted(CODES))}", err=True)
        raise typer.Exit(2)
    title, text = CODES[code.upper()]
    typer.echo(f"{code.upper()}: {title}\n\n{text}")


@app.command()
def cite(file: File, set: Set = None) -> None:
    """Print the BibTeX of the methods that an experiment uses."""
    from .cite import bibliography

    typer.echo(bibliography(opened(file, HERE, None, set).experiment))


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="file to write")],
    kind: Annotated[str, typer.Option(help="spin-glass, equilibrium or recorded")] = "spin-glass",
) -> None:
    """Write a first experiment to start from, with every key explained."""
    template = Path(__file__).parent / "templates" / f"{kind}.toml"
    if not template.exists():
        known = ", ".join(sorted(p.stem for p in template.parent.glob("*.toml")))
        typer.echo(f"no template {kind!r}; there are {known}", err=True)
        raise typer.Exit(2)
    if file.exists():
        typer.echo(f"{file} exists; nothing is overwritten", err=True)
        raise typer.Exit(5)
    file.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    typer.echo(f"{file}: run it with `spindsl run {file}`")


def opened(file: Path, runs: Path, data: Path | None, changes: list[str] | None, format: str = "text") -> Run:
    """The run of a file; exits with 2 if it is absent, 3 with every mistake if it is wrong."""
    if not file.exists():
        typer.echo(f"error: {file} is absent", err=True)
        raise typer.Exit(2)
    if file.is_dir():
        hint = f"go on with it by `spindsl resume {file}`, repeat it by `spindsl run {file / 'result.nc'}`"
        typer.echo(f"error: {file} is a directory; {hint}", err=True)
        raise typer.Exit(2)
    gc.disable()  # words make objects by the thousand that all stay: looking for garbage takes a tenth of the time
    try:
        from . import run

        return run.opened(file, runs, data, tuple(changes or ()))
    except SpecError as error:
        from .experiment import source

        text = source(file) if file.suffix == ".nc" else file.read_text(encoding="utf-8", errors="replace")
        fail(error, file, text, format, tuple(changes or ()))
        raise
    finally:
        gc.enable()


def graphed(run: Run, file: Path) -> Graph:
    """The graph of a run, mistakes shown at their lines."""
    try:
        return run.graph()
    except SpecError as error:
        fail(error, file, run.text, changes=run.changes)
        raise


def absent(run: Run) -> list[Finding]:
    """A warning for every data file that is not there."""
    from .errors import Finding

    found = []
    for path, word in run.experiment.words().items():
        for key, name in word.files().items():
            if not (run.data / name).exists():
                where = (*path.split("."), *key.split("."))
                hint = "give its folder with --data DIR"
                found.append(Finding("W301", f"{run.data / name} is absent", where, hint=hint))
    return found


def fail(error: SpecError, file: Path, text: str, format: str = "text", changes: tuple[str, ...] = ()) -> None:
    """Show every finding and exit with 3."""
    tell(error.findings, file, text, format, changes)
    raise typer.Exit(error.exit_code)


def tell(findings: list[Finding], file: Path, text: str, format: str = "text", changes: tuple[str, ...] = ()) -> None:
    """Findings at their places, as text on stderr or as JSON on stdout."""
    if not findings and format == "text":
        return
    from . import diagnose

    placed = diagnose.arranged(text, findings, changes)
    if format == "json":
        typer.echo(json.dumps(diagnose.as_json(placed, str(file)), indent=1))
        return
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    typer.echo("\n\n".join(diagnose.render(f, str(file), text, colour) for f in placed), err=True)


def carry_out(run: Run, file: Path, workers: int | None, quiet: bool) -> None:
    """Run with progress, stop on signals, print the path and the expectations; exit 6 if one is not met."""
    from .progress import progress
    from .watching import Silent

    try:
        with progress() if not quiet else Silent() as shown:
            outcome = run.run(workers or cores(), shown, listening())
    except SpecError as error:
        fail(error, file, run.text, changes=run.changes)
        raise
    typer.echo(f"{outcome.path}{'' if outcome.fresh else ' (was there already)'}")
    expectations(outcome.expectations)
    if not outcome.met:
        raise typer.Exit(6)


def listening() -> Stop:
    """A Stop that SIGINT and SIGTERM set."""
    from .watching import Stop

    stop = Stop()

    def heard(number: int, _: FrameType | None) -> None:
        stop.signal = number

    signal.signal(signal.SIGINT, heard)
    signal.signal(signal.SIGTERM, heard)
    return stop


def expectations(rows: Sequence[Verdict]) -> None:
    """Measured beside published."""
    words = {"min": "at least", "max": "at most", "value": "near"}
    for row in rows:
        verdict = {True: "met", False: "NOT MET", None: row.get("verdict", "")}[row["ok"]]
        verdict += " (experiment changed)" if verdict == "not judged" else ""
        value = "nothing" if row["measured"] is None else f"{row['measured']:.4g}"
        bounds = ", ".join(f"{word} {row[k]:g}" for k, word in words.items() if k in row)
        where = f" at {json.dumps(row['where'])}" if row["where"] else ""
        typer.echo(f"  {verdict:<7} {row['reduce']} of {row['of']}{where}: {value} ({bounds}; {row['source']})")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
