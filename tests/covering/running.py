"""What `check`, `run`, `report` and `show` make of an experiment, in this process."""

from __future__ import annotations

import contextlib
import io
import re
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from pathlib import Path
from unittest.mock import patch

from combine import Core, Target, named, targets
from questions import Question

from spindsl import cli
from spindsl.errors import SpecError
from spindsl.experiment import loads
from spindsl.lower import lower

UNLEARNABLE = (  # what no text, file or graph decides, but the few samples that chains happened to draw
    r"error\[E301\].*(one and the same configuration|no (couplings|energy|tables) can be fitted|some spins never part|"
    r"configurations vary along \d+ directions|"
    r"clusters cannot move the energy that was learned)"
)
TRIES = 24  # cases that are tried for something that nothing covers
TOGETHER = 16  # questions in one file


@dataclass(frozen=True)
class Failure:
    """A case that is neither refused as it should be nor runs to its end."""

    step: str
    what: str
    label: str
    text: str

    @property
    def cause(self) -> str:
        return f"{self.step}: {self.what} [{self.label}]"

    @property
    def told(self) -> str:
        return f"{self.cause}\n\n{self.text}"


Asked = tuple[list[Question], list[Failure]]


@dataclass
class World:
    """Data files, runs and their store, and what has been tried so far."""

    data: Path
    runs: Path
    checks: dict[str, str] = field(default_factory=dict)  # text -> valid, refused or failed
    run: set[str] = field(default_factory=set)  # labels of cases that ran to the end
    covered: set[Target] = field(default_factory=set)
    tried: dict[Target, int] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)  # s of CPU, by command
    unlearnable: dict[str, str] = field(default_factory=dict)  # cases of which too little was drawn, with the reason
    placed: set[tuple] = field(default_factory=set)  # refusals whose places were looked at

    def check(self, text: str, label: str) -> tuple[bool, list[Failure]]:
        """Whether an experiment is valid, and what is wrong with how it is refused."""
        try:
            lower(loads(text), self.data)
        except SpecError as error:
            wrong = [Failure("refusal", w, label, text) for w in self.refused(error, text)]
            self.checks[text] = "failed" if wrong else "refused"
            return False, wrong
        except Exception as error:
            self.checks[text] = "failed"
            return False, [Failure("check", raised(error), label, text)]
        self.checks[text] = "valid"
        return True, []

    def fine(self, core: Core, question: Question, failures: list[Failure] | None = None) -> bool:
        """Whether a question is valid of a core; appends what is wrong with how it is refused."""
        right, wrong = self.check(core.toml([question]), f"{core.label} {question.label}")
        if failures is not None:
            failures.extend(wrong)
        return right

    def refused(self, error: SpecError, text: str) -> Iterator[str]:
        """Findings without a code or a hint, or without a line."""
        for f in error.findings:
            if not re.fullmatch(r"E\d{3}", f.code):
                yield f"code {f.code!r}: {f.message}"
            if not f.hint.strip():
                yield f"no hint: {f.code} {'.'.join(map(str, f.path))}: {f.message}"
        marks = tuple((f.code, f.path) for f in error.findings)
        if marks not in self.placed:
            self.placed.add(marks)
            yield from self.shown(text)

    def shown(self, text: str) -> Iterator[str]:
        """What the command line lacks where it shows such a refusal."""
        code, out = self.command("check", self.file(text), "--data", self.data)
        if code == 0 and "W301" in out:
            return  # a data file that is not here; `run` refuses
        if code != 3:
            yield f"`check` ends with {code}: {last(out)}"
        elif not re.search(r":[1-9]\d*:\d+", out):
            yield f"no line: {out.strip()}"

    def file(self, text: str) -> Path:
        path = self.data / "experiment.toml"
        path.write_text(text)
        return path

    def command(self, *words: object) -> tuple[int, str]:
        """Exit code and output of a command; 1 with its traceback where it raises."""
        out, code = io.StringIO(), 0
        begun = time.process_time()
        heard = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}
        argv = ["spindsl", *map(str, words)]
        with patch.object(sys, "argv", argv), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                cli.main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            except Exception:
                code = 1
                traceback.print_exc(file=out)
        for number, handler in heard.items():
            signal.signal(number, handler)
        self.spent[str(words[0])] = self.spent.get(str(words[0]), 0.0) + time.process_time() - begun
        return code, out.getvalue()

    def carry_out(self, text: str, label: str) -> Failure | None:
        """Run, report and show; the first that does not end with 0."""
        code, out = self.command("run", self.file(text), "--data", self.data, "--runs", self.runs, "-q", "-w", 1)
        if code == 3 and (found := re.search(UNLEARNABLE, " ".join(out.split()))):
            self.unlearnable[label] = found[0]
            return None
        if code:
            return Failure("run", f"exit {code}: {last(out)}", label, text)
        path = Path(out.split()[0])
        for command in ("report", "show"):
            code, out = self.command(command, path)
            if code:
                return Failure(command, f"exit {code}: {last(out)}", label, text)
        page = (path / "report.html").read_text()
        return Failure("report", "the page shows a traceback", label, text) if "Traceback" in page else None

    def ask(self, core: Core, asked: Sequence[Question], strength: int, apart: Sequence[str] = ()) -> Asked:
        """Questions that are valid of a core and together cover what any of them covers anew, greedily."""
        valid, failures, alone = [], [], {}

        def fine(question: Question) -> bool:
            return self.fine(core, question, failures)

        gains = {q: len(targets(core, q, strength, apart)) for q in asked}
        waiting = [(-gains[q], k) for k, q in enumerate(asked)]
        heapify(waiting)
        while waiting:
            gain, k = heappop(waiting)
            question = asked[k]
            new = {t for t in targets(core, question, strength, apart) - self.covered if self.tried.get(t, 0) < TRIES}
            asks = {t for t in new if any(noun == "analysis" for noun, _ in t)}
            if len(new) < -gain:
                if new:
                    heappush(waiting, (-len(new), k))
                continue
            for part in question.parts:
                alone[part] = alone[part] if part in alone else fine(part)
            if all(alone[part] for part in question.parts) and (
                alone[question] if question in alone else fine(question)
            ):
                self.covered |= targets(core, question, strength, apart)
                valid.append(question)
            elif question.analysis:
                self.tried |= {t: self.tried.get(t, 0) + 1 for t in asks}
        return valid, failures

    def answer(self, core: Core, asked: Sequence[Question]) -> list[Failure]:
        """Run a core with valid questions, all in one file; where that fails, with each alone."""
        failures = []
        for beside in dict.fromkeys(["", *(q.beside for q in asked)]):
            several = sorted((q for q in asked if q.beside == beside), key=lambda q: q.of.label if q.of else "")
            for k in range(0, len(several), TOGETHER) if several else [0] if not beside else []:
                failures += self.together(core, several[k : k + TOGETHER])
        return failures

    def together(self, core: Core, asked: Sequence[Question]) -> list[Failure]:
        """Run a core with some questions in one file."""
        label = f"{core.label} {'; '.join(q.label for q in asked)}".strip()
        failure = self.carry_out(core.toml(asked), label)
        if label in self.unlearnable:
            half = len(asked) // 2  # the others have an answer
            parts = (asked[:half], asked[half:]) if half else ()
            return [f for part in parts for f in self.together(core, part)]
        if failure is None:
            self.run |= {core.label, *(f"{core.label} {q.label}" for q in asked)}
            return []
        if len(asked) < 2:
            return [failure]
        numbers = {q: f"q{k}" for k, q in enumerate(q for q in asked if q.analysis)}
        broken = [q for q in asked if blamed(failure, q, numbers.get(q, ""))]
        rest = [q for q in asked if q not in broken]
        if broken and rest:
            alone = [replace(failure, label=f"{core.label} {q.label}", text=core.toml([q])) for q in broken]
            return [*alone, *self.together(core, rest)]
        half = len(asked) // 2
        return [f for part in (asked[:half], asked[half:]) for f in self.together(core, part)] or [failure]


def blamed(failure: Failure, question: Question, name: str) -> bool:
    """Whether a failed run names the stage of a question."""
    names = [f"analysis.{name}"] if name else []
    names += [f"bottleneck.{named(question.of)}"] if question.of else []
    return any(re.search(rf"\b{re.escape(name)}(?![\w-])", failure.what) for name in names)


def raised(error: Exception) -> str:
    """An exception that is none of ours, with the place it comes from."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.name})"


def last(out: str) -> str:
    """The last line of an output, and the place in the code where there is a traceback."""
    lines = [line for line in out.strip().splitlines() if line.strip()]
    places = re.findall(r'File ".*?([^/"]+)", line \d+, in (\S+)', out)
    return (lines[-1].strip() if lines else "nothing") + (" ({}:{})".format(*places[-1]) if places else "")
