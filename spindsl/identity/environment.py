"""Versions and processor features that can change the bits of a number."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
from functools import cache
from pathlib import Path

LIBRARIES = ("numpy", "numba", "llvmlite", "scipy", "torch", "scikit-learn", "xarray")
VECTORS = re.compile(r"^(s?sse|avx|fma|f16c|amx|bmi|asimd|sve|fphp|neon)")  # which of a processor's flags count


@cache
def environment() -> dict[str, str]:
    """By name: Python, libraries, the machine, its processor and the instructions that it has."""
    version = ".".join(platform.python_version_tuple()[:2])
    libraries = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return {"python": version, **libraries, "machine": platform.machine(), **processor()}


def processor() -> dict[str, str]:
    """Its name and its vector instructions, as far as the system tells."""
    try:
        rows = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return {"processor": platform.processor()}
    told = {name.strip(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
    flags = (told.get("flags") or told.get("Features") or "").split()
    name = told.get("model name") or told.get("CPU part") or platform.processor()
    return {"processor": name, "instructions": " ".join(sorted(f for f in flags if VECTORS.match(f)))}


def mark(of: dict[str, str]) -> str:
    """8 hex digits of an environment."""
    return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:8]


def unlike(several: list[dict[str, str]]) -> dict[str, list[str]]:
    """What differs between environments, with its values."""
    names = dict.fromkeys(name for one in several for name in one)
    values = {name: sorted({one.get(name, "absent") for one in several}) for name in names}
    return {name: found for name, found in values.items() if len(found) > 1}
