"""Median and spread over the runs of one experiment with different seeds: python -m benchmarks.spread runs/NAME."""

import json
import sys
from pathlib import Path

import numpy as np
import xarray as xr


def finished(home: Path) -> dict[int, xr.DataTree]:
    """The latest finished run of every seed."""
    found = {}
    for path in sorted(home.glob("*/result.nc")):
        result = xr.open_datatree(path)
        found[json.loads(result.attrs["resolved"])["seed"]] = result
    return dict(sorted(found.items()))


def main(home: Path, switches: list[int]) -> None:
    """A table: every analysis at some switches, median [min, max] over seeds, and the ceiling."""
    runs = finished(home)
    first = next(iter(runs.values()))
    print(f"{home.name}: seeds {', '.join(map(str, runs))}; median [min, max] of held-out scores")
    print(f"{'switch':<14}" + "".join(f"{k:>19}" for k in switches))
    for name in first["/analysis"].children:
        cells = []
        for k in switches:
            score = [r[f"/analysis/{name}/score"] for r in runs.values()]
            values = [float(s.values[s.switch.values == k][0]) for s in score if k in s.switch.values]
            cells.append(f"{np.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]" if values else "-")
        print(f"{name:<14}" + "".join(f"{c:>19}" for c in cells))
    ceiling = first["/protocol/ceiling"]
    print(
        f"{'ceiling':<14}" + "".join(f"{float(ceiling.values[ceiling.switch.values == k][0]):>19.3f}" for k in switches)
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(k) for k in sys.argv[2:]] or [1, 5, 10, 20, 30, 100])
