"""A small experiment that goes through every stage in seconds."""

import gzip
import io
from collections import Counter
from pathlib import Path

import enrolment
import numpy as np
import pytest


def pytest_addoption(parser):
    parser.addoption("--examples", help="folder of examples: enrol the words of other packages, and not ours")


def pytest_configure(config):
    if folder := config.getoption("--examples"):
        enrolment.given.append(Path(folder).resolve())


SMALL = """\
spindsl = 1
title = "small"
seed = 7

[system]
kind = "spin-glass"
spins = 24
graph = { kind = "erdos-renyi", mean_degree = 4 }
couplings = { kind = "normal", mean = 0.0, std = 1.0 }

[dynamics]
kind = "arrhenius"
beta = 3.0
barrier = 4.5

[protocol]
kind = "field-drive"
initial = "relaxed"
relax = 1000.0
dwell = 100.0
switches = 6
trials = 20
fields = { names = ["A", "B", "C"], kind = "normal", std = 3.0 }
drives = { kind = "subsets", size = 2 }

[bottleneck.vae]
kind = "vae"
hidden = [8]
latent = 2
epochs = 2
batch = 16

[bottleneck.pca]
kind = "pca"
latent = 2

[analysis.drive]
kind = "classification"
of = "vae"
by = { kind = "kde" }

[analysis.power]
kind = "classification"
of = "power"
by = { kind = "histogram", bins = 5 }

[analysis.spins]
kind = "classification"
of = "spins"
by = { kind = "logistic", C = 0.1 }
"""


@pytest.fixture(scope="session")
def small() -> str:
    return SMALL


STILL = """\
spindsl = 1
title = "still"
seed = 7

[system]
kind = "ising"
graph = { kind = "square", sides = [4, 4], periodic = true }
J = 1.0

[dynamics]
kind = "metropolis"
order = "random"

[protocol]
kind = "equilibrium"
betas = [0.2, 0.4]
chains = 5
initial = "random"
burn_in = 20
samples = 60
every = 2

[reference.exact]
kind = "kaufman"

[analysis.thermo]
kind = "thermodynamics"
against = "exact"
"""


@pytest.fixture(scope="session")
def still() -> str:
    """Matter at equilibrium."""
    return STILL


@pytest.fixture(scope="session")
def recording():
    """Writes one and the same recording as netCDF, npz, CSV and text into a folder."""
    return written


def written(folder: Path) -> None:
    """Unequal classes, dimensions in another order, specimens of two trials, and an observable that ends early."""
    import xarray as xr

    rng = np.random.default_rng(0)
    drive = np.array(["AB"] * 14 + ["AC"] * 10 + ["BC"] * 16)
    specimen = np.array([f"r{a // 2}" for a in range(40)])
    sigma = rng.choice(np.array([-1, 1], np.int8), (4, 40, 24))
    shape = rng.normal(size=(4, 40, 5)).astype(np.float32) * 10.0 ** np.arange(-2, 3, dtype=np.float32)
    power = rng.normal(size=(4, 40)).astype(np.float32)
    power[3] = np.nan
    switch = np.array([1, 2, 5, 9])
    data = {"sigma": ("spin", sigma), "shape": ("feature", shape)}
    xr.Dataset(
        {k: (("switch", "trial", d), v) for k, (d, v) in data.items()} | {"absorbed": (("switch", "trial"), power)},
        {"drive": ("trial", drive), "specimen": ("trial", specimen), "switch": switch},
    ).to_netcdf(folder / "recording.nc", engine="netcdf4")
    arrays = {"sigma": sigma, "shape": shape, "absorbed": power, "drive": drive, "specimen": specimen, "switch": switch}
    np.savez_compressed(folder / "recording.npz", **arrays)
    rows = [(t, a) for a in range(40) for t in (2, 0, 3, 1)]  # trials in order, times in disorder
    heads = [
        "run",
        "drive",
        "specimen",
        "switch",
        "absorbed",
        *(f"s{j}" for j in range(24)),
        *(f"x{j}" for j in range(5)),
    ]
    bits, real = [["0" if s < 0 else "1" for s in sigma[t, a]] for t, a in rows], [shape[t, a] for t, a in rows]
    with (folder / "recording.csv").open("w") as file:
        print(*heads, sep=";", file=file)
        for (t, a), s, x in zip(rows, bits, real):
            work = "" if np.isnan(power[t, a]) else power[t, a]
            print(f"run {a}", drive[a], specimen[a], switch[t], work, *s, *x, sep=";", file=file)
    with gzip.open(folder / "labels.txt.gz", "wt") as file:
        print("# drive trial switch power specimen", file=file)
        for t, a in rows:
            print(drive[a], a, switch[t], power[t, a], specimen[a], file=file)
    (folder / "recording.txt").write_text("".join(" ".join(s) + " \n" for s in bits))
    (folder / "features.txt").write_text("".join("\t".join(map(str, x)) + "\n" for x in real))


@pytest.fixture
def deposit() -> Path:
    """The authors' deposited configurations, which are not ours to pass on."""
    folder = Path(__file__).parents[1] / "../shared/data/zhong2020"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent: the authors' configurations are not part of the project")
    return folder


DRAWN: set[tuple] = set()  # how figures look that were drawn in this process


@pytest.fixture
def quick(monkeypatch):
    """Pages are made as ever, but a figure that looks like one drawn before is not drawn again, which takes longer than
    all else. What it looks like: of each of its axes titles, labels and scales, and how many artists of each class."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    draw = FigureCanvasSVG.print_svg

    def print_svg(canvas: FigureCanvasSVG, out: io.IOBase, **how: object) -> None:
        if not isinstance(out, io.StringIO):  # matplotlib asks what drawing would be like
            draw(canvas, out, **how)
            return
        looks = tuple(
            (
                *(axes.get_title("left"), axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale(), axes.get_yscale()),
                *sorted(Counter(type(artist).__name__ for artist in axes.get_children()).items()),
            )
            for axes in canvas.figure.axes
        )
        if looks in DRAWN:
            out.write('<svg xmlns="http://www.w3.org/2000/svg" width="1pt" height="1pt"></svg>')
            return
        DRAWN.add(looks)
        draw(canvas, out, **how)

    monkeypatch.setattr(FigureCanvasSVG, "print_svg", print_svg)


SLOW = {"outside", "identity"}  # folders of tests that `make contract` runs, not `make test`


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is too long for every day."""
    for item in items:
        if item.path.parent.name in SLOW:
            item.add_marker(pytest.mark.contract)
