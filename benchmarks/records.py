"""The file of a frozen truth: records of experiments, and of the machines that made them."""

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from benchmarks.hashes import Hash

FORMAT = 1
LIBRARIES = ("numpy", "numba", "llvmlite", "scipy", "torch", "xarray", "netCDF4", "scikit-learn", "networkx")
Row = dict[str, object]  # an expectation as a result has it: of, where, reduce, bounds, source, measured, ok


@dataclass(frozen=True)
class Environment:
    """Where numbers were made. `bits` can change them; `code` says which sources ran."""

    bits: Mapping[str, str]
    code: Mapping[str, str]

    @property
    def key(self) -> str:
        """8 hex digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Record:
    """What became of one experiment. Times are of the last try alone."""

    state: str  # running, done or failed
    text: str = ""  # sha256 of the text that was run
    environment: str = ""
    tries: int = 1
    code: int | None = None  # exit status
    error: str = ""  # the end of what a failed run printed
    wall: float = 0.0  # s
    cpu: float = 0.0  # s, of the run and of its processes
    variables: Mapping[str, Hash] = field(default_factory=dict)
    expect: tuple[Row, ...] = ()
    keys: str = ""  # hash of the keys of all its stages


@dataclass(frozen=True)
class Truth:
    """All records by experiment, environments by key, and seconds that `plan` expects by experiment."""

    size: str
    records: Mapping[str, Record] = field(default_factory=dict)
    environments: Mapping[str, Environment] = field(default_factory=dict)
    estimates: Mapping[str, float] = field(default_factory=dict)

    def with_record(self, name: str, record: Record) -> "Truth":
        """The truth with one record added or replaced."""
        return replace(self, records={**self.records, name: record})


def write_truth(path: Path, truth: Truth) -> None:
    """Put a truth in its file, atomically."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"format": FORMAT, **asdict(truth)}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def read_truth(path: Path) -> Truth:
    """Read a truth; ValueError for a file of another format."""
    data = json.loads(path.read_text(encoding="utf-8"))
    if data.pop("format") != FORMAT:
        raise ValueError(f"{path} has another format than {FORMAT}")
    data["records"] = {name: read_record(row) for name, row in data["records"].items()}
    data["environments"] = {key: Environment(**row) for key, row in data["environments"].items()}
    return Truth(**data)


def read_record(row: dict) -> Record:
    """A record from its JSON."""
    hashes = {
        path: Hash(tuple(h["dims"]), h["dtype"], tuple(h["shape"]), h["sha256"], h["mean"])
        for path, h in row.pop("variables").items()
    }
    return Record(**row | {"variables": hashes, "expect": tuple(row["expect"])})


def environment_of(root: Path) -> Environment:
    """Libraries and processor of this machine, and the sources under a root."""
    import llvmlite.binding
    import torch

    features = llvmlite.binding.get_host_cpu_features()
    bits = {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
        "machine": platform.machine(),
        "processor": llvmlite.binding.get_host_cpu_name(),
        "features": " ".join(sorted(name for name, there in features.items() if there)),
        "torch processor": torch.backends.cpu.get_cpu_capability(),
        **{name: os.environ[name] for name in sorted(os.environ) if name.startswith(("OMP_", "MKL_", "NUMBA_"))},
    }
    changed = git(root, "status", "--porcelain", "--untracked-files=no")
    code = {"revision": git(root, "rev-parse", "HEAD"), "changed": hashlib.sha256(changed.encode()).hexdigest()[:8]}
    return Environment(bits, code if changed else {"revision": code["revision"]})


def git(root: Path, *words: str) -> str:
    """What git says of a tree, nothing where it says nothing."""
    found = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def module_place(root: Path) -> str:
    """The file of the package that a command run in a root imports."""
    words = [sys.executable, "-c", "import spindsl; print(spindsl.__file__)"]
    return subprocess.run(
        words, cwd=root, env=child_env(root), capture_output=True, text=True, check=True
    ).stdout.strip()


def child_env(root: Path) -> dict[str, str]:
    """The environment of a command that runs the sources of a root."""
    return {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
