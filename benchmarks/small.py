"""A small copy of an experiment: fewer trials, samples and epochs, the same matter, no `[[expect]]`."""

import tomllib
from collections.abc import Mapping
from math import ceil
from typing import TypeAlias

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value]"
Table: TypeAlias = "dict[str, Value]"

OBSERVATIONS = 6400  # of a Monte Carlo protocol, over all chains
MOST = {  # by key, wherever it stands
    "realizations": 2,
    "trials": 20,
    "epochs": 2,
    "batch": 500,
    "steps": 20,
    "networks": 2,
    "observations": 4000,
    "configurations": 2000,
    "count": 2000,
    "drawn": 500,
    "burn_in": 200,
    "samples": 50,
    "each": 500,
    "shuffles": 1,
    "points": 4,
}
CHANGES: Mapping[str, Mapping[str, Value]] = {  # what the rules do not know, by experiment and path
    "keim2011/threshold": {  # strains whose activity settles soon
        "protocol.trials": 8,
        "protocol.switches": 1000,
        "protocol.record.every": 20,
        "analysis.threshold.last": 10,
        "protocol.amplitudes": {"2.0": 2.0, "3.5": 3.5, "3.6": 3.6, "3.7": 3.7, "3.8": 3.8, "3.9": 3.9},
    },
}


def shrink(text: str, name: str) -> str:
    """The text of the small copy of an experiment with a name as in zhong2020/quickstart."""
    import tomlkit

    table: Table = tomllib.loads(text)
    table.pop("expect", None)
    shorten_switches(table)
    shorten_sweeps(table)
    table = limit(table)
    protocol = subtable(table, "protocol")
    if isinstance(chains := protocol.get("chains"), int):
        said = subtable(tomllib.loads(text), "protocol")["samples"]
        protocol["samples"] = min(int(said), ceil(OBSERVATIONS / chains))
    for path, value in CHANGES.get(name, {}).items():
        *parents, key = path.split(".")
        place = table
        for parent in parents:
            place = subtable(place, parent)
        place[key] = value
    return tomlkit.dumps(table)


def subtable(table: Table, key: str) -> Table:
    """The table at a key, an empty one if there is none."""
    inner = table.get(key, {})
    return inner if isinstance(inner, dict) else {}


def limit(table: Table) -> Table:
    """The table with every number of `MOST` at most what it says there, and the ends of every list of temperatures."""
    limited: Table = {}
    for key, value in table.items():
        if isinstance(value, dict):
            limited[key] = limit(value)
        elif key == "betas":
            limited[key] = ends(value)
        elif key in MOST and isinstance(value, int):
            limited[key] = min(value, MOST[key])
        else:
            limited[key] = value
    return limited


def shorten_sweeps(table: Table) -> None:
    """Leave the first and the last value of every swept parameter."""
    sweeps = table.get("sweep", [])
    for sweep in sweeps if isinstance(sweeps, list) else []:
        for axes in sweep.values() if isinstance(sweep, dict) else []:
            for path, values in axes.items() if isinstance(axes, dict) else []:
                axes[path] = ends(values)


def shorten_switches(table: Table) -> None:
    """Record few switches: the first, one in the middle, the last, and those that bottlenecks and analyses name."""
    protocol = subtable(table, "protocol")
    models = [word for noun in ("bottleneck", "analysis") for word in subtable(table, noun).values()]
    wanted = {switch for word in models if isinstance(word, dict) for switch in named_switches(word)}
    record, drives = subtable(protocol, "record"), subtable(protocol, "drives")
    switches = record.get("switches")
    if switches is None and table.get("bottleneck") and drives.get("kind") != "probes":
        switches = list(range(1, int(protocol.get("switches", 0)) + 1))
    if isinstance(switches, list) and switches:
        wanted |= {switches[0], switches[len(switches) // 2], switches[-1]}
        record["switches"] = [s for s in switches if s in wanted]
        protocol["record"] = record


def named_switches(word: Table) -> set[int]:
    """Switches that a bottleneck or an analysis needs, its lists of them cut to their ends."""
    wanted = {word["since"]} if "since" in word else set()
    for place in (word, subtable(word, "decode")):
        if isinstance(place.get("switches"), list):
            place["switches"] = ends(place["switches"])
            wanted |= set(place["switches"])
    return {switch - lag for switch in wanted for lag in range(int(word.get("lags", 1)))}


def ends(values: Value) -> list[Value]:
    """First and last of a list."""
    values = values if isinstance(values, list) else [values]
    return values if len(values) < 3 else [values[0], values[-1]]
