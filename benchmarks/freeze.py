"""Freeze what all experiments compute: hashes of every variable, and what became of every expectation.

    python -m benchmarks.freeze OUT.json [--size small|full] [--only 'sprague2021/*'] [--workers N] [--data DIR]
                                [--root TREE] [--runs DIR] [--retry]
    python -m benchmarks.freeze --compare A.json B.json

OUT.json is written after each experiment, so that a killed freeze goes on where it was, on a later commit, too: what is
recorded is run again only if the keys of its stages have changed since, failures only with --retry. Of the full size
the experiments that `spindsl plan` expects to be cheap go first. Of a run only its files stay in --runs, not its store.
--root runs the sources and experiments of another tree.
--compare ends with 1 if a variable of the simulation differs or is gone, an expectation is lost, or a run fails.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path
from time import perf_counter

from benchmarks.differences import report, totals
from benchmarks.hashes import hash_result
from benchmarks.records import Record, Truth, child_env, environment_of, module_place, read_truth, write_truth
from benchmarks.small import shrink

MET, MISSED = 0, 6  # exit status of a run that ended
KEYS = """
import hashlib, json, sys
from pathlib import Path
from spindsl.experiment import load
from spindsl.lower import lower
from spindsl.store import keys
text = json.dumps(keys(lower(load(Path(sys.argv[1])), Path(sys.argv[2]))), sort_keys=True)
print(hashlib.sha256(text.encode()).hexdigest()[:16])
"""
PLANNED = re.compile(r"about (\d+) s on (\d+) cores")


@dataclass(frozen=True)
class Freeze:
    """Where experiments come from, how they are run, and where their files go."""

    root: Path
    runs: Path
    size: str
    data: Path | None
    workers: int

    def names(self, only: str) -> list[str]:
        """Experiments by folder and stem, as in zhong2020/quickstart."""
        files = sorted((self.root / "experiments").glob("*/*.toml"))
        names = [f"{f.parent.name}/{f.stem}" for f in files]
        return [n for n in names if fnmatch(n, only)]

    def text(self, name: str) -> str:
        """The text that is run."""
        text = (self.root / "experiments" / f"{name}.toml").read_text(encoding="utf-8")
        return shrink(text, name) if self.size == "small" else text

    def file(self, name: str) -> Path:
        """The experiment in a folder of its own, written there."""
        path = self.runs / name / f"{Path(name).name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text(name), encoding="utf-8")
        return path

    def command(self, verb: str, file: Path) -> list[str]:
        """A command line of spindsl."""
        words = [sys.executable, "-m", "spindsl.cli", verb, str(file), "--runs", str(file.parent / "runs")]
        words += ["--data", str(self.data)] if self.data else []
        return words + (["--quiet", "--workers", str(self.workers)] if verb == "run" else [])

    def keys(self, name: str) -> str:
        """Hash of the keys of all stages of an experiment: what its numbers depend on. Empty where it is refused."""
        file = self.file(name)
        words = [sys.executable, "-c", KEYS, str(file), str(self.data or file.parent)]
        done = subprocess.run(words, cwd=self.root, env=child_env(self.root), capture_output=True, text=True)
        return done.stdout.strip()

    def seconds(self, name: str) -> float:
        """Core seconds that `spindsl plan` expects; infinite where it does not say."""
        words = self.command("plan", self.file(name))
        said = subprocess.run(words, cwd=self.root, env=child_env(self.root), capture_output=True, text=True).stdout
        found = PLANNED.search(said)
        return float(found[1]) * int(found[2]) if found else float("inf")

    def run(self, name: str, record: Record) -> Record:
        """Run one experiment to its record; a failed one says why."""
        file = self.file(name)
        log = file.with_suffix(".log")
        begun = perf_counter()
        code, cpu = timed(self.command("run", file), self.root, log)
        record = replace(record, code=code, wall=round(perf_counter() - begun, 2), cpu=round(cpu, 2))
        if code not in (MET, MISSED):
            return replace(record, state="failed", error=log.read_text(encoding="utf-8", errors="replace")[-2000:])
        result = max((file.parent / "runs" / file.stem).glob("*/result.nc"), key=lambda p: p.stat().st_mtime)
        rows = expectations(result)
        done = replace(record, state="done", variables=hash_result(result), expect=tuple(rows))
        shutil.rmtree(file.parent / "runs" / ".store", ignore_errors=True)
        shutil.rmtree(result.parent / "blocks", ignore_errors=True)
        return done


def expectations(result: Path) -> list[dict[str, object]]:
    """The expectations of a result as it has them."""
    import netCDF4

    with netCDF4.Dataset(result) as file:
        return json.loads(file.getncattr("expectations"))


def timed(words: Sequence[str], root: Path, log: Path) -> tuple[int, float]:
    """Exit status of a command, and the CPU seconds of it and its processes; what it prints goes to the log."""
    with log.open("w") as out:
        child = subprocess.Popen(words, cwd=root, env=child_env(root), stdout=out, stderr=subprocess.STDOUT)
        try:
            _, status, used = os.wait4(child.pid, 0)
        except BaseException:
            child.send_signal(signal.SIGTERM)
            child.wait()
            raise
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, used.ru_utime + used.ru_stime


def freeze(job: Freeze, out: Path, only: str, retry: bool) -> Truth:
    """Record every experiment that is not recorded yet."""
    truth = read_truth(out) if out.exists() else Truth(job.size)
    if truth.size != job.size:
        raise SystemExit(f"{out} holds experiments of size {truth.size}")
    environment = environment_of(job.root)
    truth = replace(truth, environments={**truth.environments, environment.key: environment})
    names = job.names(only)
    if job.size == "full":
        missing = [n for n in names if n not in truth.estimates]
        truth = replace(truth, estimates={**truth.estimates, **{n: job.seconds(n) for n in missing}})
        names.sort(key=lambda n: truth.estimates[n])
    for name in names:
        before = truth.records.get(name)
        keys = job.keys(name)
        if before and ((before.state == "done" and before.keys == keys) or (before.state == "failed" and not retry)):
            continue
        digest = hashlib.sha256(job.text(name).encode()).hexdigest()
        record = Record("running", digest, environment.key, before.tries + 1 if before else 1, keys=keys)
        write_truth(out, truth.with_record(name, record))
        truth = truth.with_record(name, job.run(name, record))
        write_truth(out, truth)
        show(name, truth.records[name])
    return truth


def show(name: str, record: Record) -> None:
    """One line about a record."""
    met = sum(bool(row["ok"]) for row in record.expect)
    found = f"{len(record.variables)} variables, {met} of {len(record.expect)} expectations met"
    said = found if record.state == "done" else record.error.strip().splitlines()[-1:]
    print(f"{record.state:<8}{name:<36}{record.cpu:9.1f} s CPU {record.wall:9.1f} s  {said}", flush=True)


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.freeze", description="Freeze what all experiments compute.")
    parser.add_argument("out", nargs="?", type=Path, help="file of the truth (JSON); a freeze goes on with it")
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("A", "B"), help="hold truth B against truth A")
    parser.add_argument("--size", choices=("small", "full"), default="full")
    parser.add_argument("--only", default="*", metavar="GLOB", help="experiments as folder/stem")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--data", type=Path, help="folder of data files")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="tree whose code runs")
    parser.add_argument("--runs", type=Path, help="folder of runs (default: beside OUT)")
    parser.add_argument("--retry", action="store_true", help="run failed experiments again")
    given = parser.parse_args(words)
    if (given.out is None) == (given.compare is None):
        parser.error("give OUT.json or --compare A.json B.json")
    return given


def main(words: Sequence[str] | None = None) -> int:
    """Freeze or compare; the exit status."""
    given = arguments(words)
    if given.compare:
        lines, kept = report(*map(read_truth, given.compare))
        print("\n".join(lines))
        return 0 if kept else 1
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    root, out = given.root.resolve(), given.out.resolve()
    if not (place := Path(module_place(root))).is_relative_to(root):
        raise SystemExit(f"spindsl would come from {place}, not from {root}")
    runs = (given.runs or out.with_name(f"{out.stem}-runs")).resolve()
    job = Freeze(root, runs, given.size, given.data and given.data.resolve(), given.workers)
    out.parent.mkdir(parents=True, exist_ok=True)
    print(totals(freeze(job, out, given.only, given.retry).records))
    return 0


if __name__ == "__main__":
    sys.exit(main())
