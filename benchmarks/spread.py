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
    """Every analysis at some switches and over the last fifty, beside the ceiling."""
    runs = finished(home)
    first = next(iter(runs.values()))
    print(f"{home.name}: seeds {', '.join(map(str, runs))}; median [min, max] over seeds")
    for name in first["/analysis"].children:
        print(f"\n{name}")
        scores = [r[f"/analysis/{name}/score"] for r in runs.values()]
        for k in switches:
            values = [float(s.values[s.switch.values == k][0]) for s in scores if k in s.switch.values]
            if values:
                print(f"  switch {k:>5}  {spread(values)}   ceiling {at(first, k):.3f}")
        late = [s.values[s.switch.values > s.switch.values[-1] - 50] for s in scores]
        print(f"  last fifty    {spread([float(np.nanmedian(v)) for v in late])}   each seed: median over the switches")
        for key in ("score_control", "above_ceiling"):
            if key in first[f"/analysis/{name}"]:
                values = np.array([float(np.nanmax(r[f"/analysis/{name}/{key}"].values)) for r in runs.values()])
                print(f"  {key:<13} largest {values.max():+.4f}   each seed: {', '.join(f'{v:+.3f}' for v in values)}")


def spread(values: list[float]) -> str:
    """Median [min, max]."""
    return f"{np.median(values):.3f} [{min(values):.3f}, {max(values):.3f}]"


def at(result: xr.DataTree, switch: int) -> float:
    """The Bayes ceiling at a switch."""
    ceiling = result["/protocol/ceiling"]
    return float(ceiling.values[ceiling.switch.values == switch][0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(k) for k in sys.argv[2:]] or [1, 5, 10, 20, 30, 100])
