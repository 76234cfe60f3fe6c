"""One energy under everything: refused alike by whatever word wrote it, and the same bits where it runs."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from spindsl import properties
from spindsl.cli import app
from spindsl.errors import SpecError
from spindsl.experiment import loads
from spindsl.lower import lower
from spindsl.run import opened

HEAD = 'spindsl = 1\ntitle = "t"\nseed = 7\n'
STILL = """[protocol]
kind = "equilibrium"
betas = [0.3]
chains = 4
initial = "random"
burn_in = 10
samples = 40
every = 1
"""
DRIVE = """[protocol]
kind = "field-drive"
initial = "relaxed"
relax = 20.0
dwell = 10.0
switches = 4
trials = 20
fields = { names = ["A", "B", "C"], kind = "normal", std = 1.0 }
drives = { kind = "subsets", size = 2 }
"""
ISING = '[system]\nkind = "ising"\ngraph = { kind = "square", sides = [4, 4], periodic = true }\nJ = 1.0\n'
RING = '[system]\nkind = "ising"\ngraph = { kind = "chain", sides = [8], periodic = true }\nJ = 1.0\n'
GLASS = """[system]
kind = "spin-glass"
spins = 16
graph = { kind = "random-regular", neighbours = 3 }
couplings = { kind = "normal", mean = 0.0, std = 1.0 }
"""
HEAT = '[dynamics]\nkind = "heat-bath"\norder = "sequential"\n'
PAIRWISE = '[bottleneck.p]\nkind = "pairwise"\nblocks = 20\nprior = 1.0\n'
MORE = STILL.replace("samples = 40", "samples = 300")


def refusals(text: str, data: Path = Path()) -> list:
    """What `check` has against a file."""
    try:
        lower(loads(HEAD + text), data)
    except SpecError as error:
        return error.findings
    return []


def ran(text: str, folder: Path) -> xr.DataTree:
    """The result of a file that runs to its end; `report` and `show` of it end well."""
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "e.toml").write_text(HEAD + text)
    path = opened(folder / "e.toml", folder / "runs").run(1).path
    for command in ("report", "show"):
        found = CliRunner().invoke(app, [command, str(path)])
        assert found.exit_code == 0, found.output
    return xr.open_datatree(path / "result.nc")


def codes(found: list) -> set[str]:
    assert all(f.hint for f in found), found
    return {f.code for f in found}


def test_levels_are_counted_on_a_ring_too(tmp_path):
    """B1: `inversion` of pairs on a chain."""
    asked = '[analysis.inv]\nkind = "inversion"\nof = "p"\neach = 20\n'
    tree = ran(RING + HEAT + MORE + PAIRWISE + asked, tmp_path)
    assert np.isfinite(tree["/analysis/inv"]["rmse"]).all()


def test_levels_that_cannot_be_counted_are_refused_with_bins_as_the_hint(tmp_path):
    """B2: a glass has no whole levels, and needs bins."""
    asked = '[analysis.inv]\nkind = "inversion"\nof = "p"\neach = 20\n'
    found = refusals(GLASS + HEAT + MORE + PAIRWISE + asked)
    assert codes(found) == {"E102"} and "bins" in found[0].hint
    tree = ran(GLASS + HEAT + MORE + PAIRWISE + asked + "bins = 10\n", tmp_path)
    assert tree["/analysis/inv"]["rmse"].attrs["units"] == "K"
    assert tree["/analysis/inv"]["coupling_rmse"] < 1.0


TRIPLE = "[[system.terms]]\noffsets = [[0, 0], [0, 1], [1, 0]]\nJ = 0.2\n"
FIELD, DIAGONAL = "field = 0.3\n", "[[system.terms]]\noffsets = [[0, 0], [1, 1]]\nJ = 0.3\n"
PLAQUETTE = "[[system.terms]]\noffsets = [[0, 0], [0, 1], [1, 0], [1, 1]]\nJ = 0.4\n"
ENERGIES = {"field": FIELD, "triple": TRIPLE, "plaquette": PLAQUETTE, "diagonal": DIAGONAL}


@pytest.fixture(scope="module")
def learned(tmp_path_factory) -> Path:
    """Results that state exactly the energies above, as a bottleneck would: what `learned` reads."""
    folder = tmp_path_factory.mktemp("learned")
    pair = [[[0, 0], [0, 1]], [[0, 0], [1, 0]]]
    more = {
        "field": ([[0, 0]], 0.3), "triple": ([[0, 0], [0, 1], [1, 0]], 0.2),
        "plaquette": ([[0, 0], [0, 1], [1, 0], [1, 1]], 0.4), "diagonal": ([[0, 0], [1, 1]], 0.3),
    }  # fmt: skip
    for name, (offsets, J) in more.items():
        at = np.full((3, 4, 2), -128, dtype=np.int16)
        for k, template in enumerate((*pair, offsets)):
            at[k, : len(template)] = template
        data = {"offsets": (("template", "body", "axis"), at), "coupling": (("beta", "template"), [[1.0, 1.0, J]])}
        found = xr.Dataset(data, {"beta": [0.3]})
        found["coupling"].attrs["energy_form"] = "templates"
        xr.DataTree.from_dict({"/bottleneck/c": found}).to_netcdf(folder / f"{name}.nc", engine="netcdf4")
    return folder


def twin(name: str) -> str:
    """The same energy, learned."""
    return (
        '[system]\nkind = "learned"\ngraph = { kind = "square", sides = [4, 4], periodic = true }\n'
        f'from = "{name}.nc"\nbottleneck = "c"\nlearned_at = 0.3\n'
    )


ASKED = {
    "sequential": HEAT + STILL,
    "checkerboard": '[dynamics]\nkind = "heat-bath"\norder = "checkerboard"\n' + STILL,
    "wolff": '[dynamics]\nkind = "wolff"\n' + STILL,
    "driven": '[dynamics]\nkind = "arrhenius"\nbeta = 1.0\nbarrier = 0.5\n' + DRIVE,
    "kaufman": HEAT + STILL + '[reference.r]\nkind = "kaufman"\n',
    "transfer-matrix": HEAT + STILL + '[reference.r]\nkind = "transfer-matrix"\n',
    "enumeration": HEAT + STILL + '[reference.r]\nkind = "enumeration"\n',
    "symmetric network": HEAT + STILL + '[bottleneck.m]\nkind = "made"\ndepth = 1\nwidth = 1\nunwrapping = "raster"\n'
    'train = "observations"\nepochs = 1\nbatch = 20\nlearning_rate = 0.01\nsymmetric = true\ndrawn = 20\n',
    "levels": HEAT + STILL + '[bottleneck.c]\nkind = "mean-field"\nclosure = "independent-pair"\n'
    '[analysis.i]\nkind = "inversion"\nof = "c"\neach = 5\n',
}  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("name", ENERGIES)
def test_a_learned_energy_is_refused_where_the_written_one_is(name, asked, learned):
    written = refusals(ISING + ENERGIES[name] + ASKED[asked])
    read = refusals(twin(name) + ASKED[asked], learned)
    assert [(f.code, f.path, f.message) for f in written] == [(f.code, f.path, f.message) for f in read]
    codes(written)


@pytest.mark.parametrize("name", ENERGIES)
def test_a_learned_energy_has_the_same_bits_as_the_written_one(name, learned, tmp_path):
    for asked in ("sequential", "driven"):
        one = ran(ISING + ENERGIES[name] + ASKED[asked], tmp_path / asked)
        folder = tmp_path / f"{asked} learned"
        folder.mkdir()
        (folder / f"{name}.nc").write_bytes((learned / f"{name}.nc").read_bytes())
        other = ran(twin(name) + ASKED[asked], folder)
        assert one["/trajectory"]["spins"].equals(other["/trajectory"]["spins"])


@pytest.mark.parametrize("name", ["triple", "plaquette"])
def test_clusters_never_grow_along_products_of_more_spins(name, learned):
    """B3: refused alike, whoever wrote the energy."""
    for system, data in ((ISING + ENERGIES[name], Path()), (twin(name), learned)):
        found = refusals(system + ASKED["wolff"], data)
        assert codes(found) == {"E201"} and found[0].path == ("dynamics", "kind")


def test_an_odd_antiferromagnet_has_no_closed_form():
    """B4."""
    odd = '[system]\nkind = "ising"\ngraph = { kind = "square", sides = [5, 5], periodic = true }\nJ = -1.0\n'
    found = refusals(odd + HEAT + STILL + '[reference.r]\nkind = "kaufman"\n')
    assert codes(found) == {"E203"} and found[0].path == ("reference", "r", "kind")
    assert not refusals(odd.replace("-1.0", "1.0") + HEAT + STILL + '[reference.r]\nkind = "kaufman"\n')


def matrix(path: Path, J: np.ndarray) -> None:
    xr.Dataset({"J": (("spin", "other"), J)}).to_netcdf(path, engine="netcdf4")


FILE = 'couplings = { kind = "file", path = "J.nc", variable = "J" }\n'


@pytest.mark.parametrize("kind", ["edwards-anderson", "spin-glass"])
def test_couplings_of_a_file_need_no_graph(kind, tmp_path):
    """B5: with a graph, drop it; without, all is well."""
    J = np.triu(np.random.default_rng(0).normal(size=(8, 8)), 1)
    matrix(tmp_path / "J.nc", J + J.T)
    system = f'[system]\nkind = "{kind}"\nspins = 8\n{FILE}'
    assert not refusals(system + HEAT + STILL, tmp_path)
    found = refusals(system.replace("spins = 8", 'graph = { kind = "complete" }\nspins = 8') + HEAT + STILL, tmp_path)
    assert [f.path for f in found] == [("system", "graph")]
    (tmp_path / "run").mkdir()
    matrix(tmp_path / "run" / "J.nc", J + J.T)
    assert ran(system + HEAT + STILL, tmp_path / "run")["/trajectory"].sizes["spin"] == 8


WRONG = {
    "shape": np.zeros((7, 7)), "asymmetric": np.triu(np.ones((8, 8)), 1), "diagonal": np.eye(8),
    "nan": np.full((8, 8), np.nan),
}  # fmt: skip


@pytest.mark.parametrize("fault", [*WRONG, "no netCDF", "no variable"])
def test_a_wrong_file_of_couplings_is_refused_at_its_line(fault, tmp_path):
    """B6."""
    if fault == "no netCDF":
        (tmp_path / "J.nc").write_text("couplings")
    else:
        matrix(tmp_path / "J.nc", WRONG.get(fault, np.zeros((8, 8))))
    text = HEAD + f'[system]\nkind = "spin-glass"\nspins = 8\n{FILE}' + HEAT + STILL
    text = text.replace('"J" }', '"K" }') if fault == "no variable" else text
    (tmp_path / "e.toml").write_text(text)
    found = CliRunner().invoke(app, ["check", str(tmp_path / "e.toml")])
    assert found.exit_code == 3 and "e.toml:7" in found.output, found.output


def test_a_configuration_to_begin_with_is_read_before_the_run(tmp_path):
    """B6: `initial` from a result of our own, which has groups."""
    arrhenius = '[dynamics]\nkind = "arrhenius"\nbeta = 1.0\nbarrier = 0.5\n'
    first = ran(GLASS + arrhenius + DRIVE, tmp_path)
    first.close()
    result = next((tmp_path / "runs").rglob("result.nc"))
    (tmp_path / "old.nc").write_bytes(result.read_bytes())
    drive = DRIVE.replace('initial = "relaxed"', 'initial = { path = "old.nc", variable = "VARIABLE" }')
    good = drive.replace("VARIABLE", "initial/spins")
    assert not refusals(GLASS + arrhenius + good, tmp_path)
    for name in ("spins", "trajectory/spins", "system/J"):
        found = refusals(GLASS + arrhenius + drive.replace("VARIABLE", name), tmp_path)
        assert [f.path[0] for f in found] == ["protocol"], found
        assert found[0].code.startswith("E3")


def test_hysterons_meet_no_sweeps():
    text = '[system]\nkind = "hysterons"\nspins = 16\nthresholds = { kind = "normal", std = 1.0 }\n'
    cycles = DRIVE.replace('kind = "field-drive"', 'kind = "cyclic-drive"').replace(
        'initial = "relaxed"', 'initial = "own"'
    )
    cycles = cycles.replace("relax = 20.0\ndwell = 10.0\n", "").partition("fields =")[0]
    cycles += 'amplitudes = { a = 0.5, b = 1.0 }\ncycle = "two-way"\ncurve = { to = 2.0, step = 0.5 }\n'
    cycles += 'drives = { kind = "subsets", size = 1 }\n'
    for dynamics in ('kind = "wolff"', 'kind = "heat-bath"\norder = "random"', 'kind = "glauber"\nbeta = 1.0'):
        assert codes(refusals(f"{text}[dynamics]\n{dynamics}\n{cycles}"))
    assert not refusals(f'{text}[dynamics]\nkind = "quasistatic"\n{cycles}')


def test_a_file_that_was_read_answers_whatever_its_size(tmp_path):
    """A dense file of 500 spins has 124,750 factors, more than are drawn for a question."""
    J = np.triu(np.ones((500, 500)), 1)
    matrix(tmp_path / "J.nc", J + J.T)
    text = HEAD + f'[system]\nkind = "edwards-anderson"\nspins = 500\n{FILE}' + HEAT + STILL
    energy = lower(loads(text), tmp_path).stages["system"].energy
    assert energy is not None and energy.factors == 124_750
    assert energy.ask(properties.unfrustrated).yes and energy.ask(properties.bipartite).no


def asked_elsewhere(sides: str) -> str:
    return (
        '[bottleneck.c]\nkind = "mean-field"\nclosure = "independent-pair"\n[analysis.x]\nkind = "extrapolation"\n'
        f'of = "c"\nbetas = [0.1]\nsides = {sides}\nchains = 4\ninitial = "random"\nburn_in = 5\nsamples = 40\n'
        'every = 1\ndynamics = { kind = "metropolis", order = "random" }\n'
    )


@pytest.mark.parametrize("name", ["field", "plaquette"])
def test_a_learned_energy_is_predicted_at_other_sizes_as_the_written_one(name, learned, tmp_path):
    one = ran(ISING + ENERGIES[name] + HEAT + STILL + asked_elsewhere("[6, 6]"), tmp_path / "written")
    (tmp_path / "read").mkdir()
    (tmp_path / "read" / f"{name}.nc").write_bytes((learned / f"{name}.nc").read_bytes())
    other = ran(twin(name) + HEAT + STILL + asked_elsewhere("[6, 6]"), tmp_path / "read")
    for variable in ("energy", "true_energy", "true_abs_magnetization"):
        assert one["/analysis/x"][variable].equals(other["/analysis/x"][variable])


@pytest.mark.parametrize("graph", ['kind = "chain", sides = [16]', 'kind = "cubic", sides = [3, 3, 3]'])
def test_a_learned_energy_stays_in_its_dimensions(graph, learned):
    text = twin("triple").replace('kind = "square", sides = [4, 4]', graph)
    found = refusals(text + HEAT + STILL, learned)
    assert codes(found) == {"E203"} and found[0].path == ("system", "graph")
    assert "learned in 2 dimensions" in found[0].message


def test_a_table_of_patterns_stays_on_lattices_that_its_windows_tile(tmp_path):
    table = xr.Dataset({"pattern_energy": (("beta", "pattern"), np.arange(16.0)[None])}, {"beta": [0.3]})
    table["offset"] = ("cluster", "axis"), np.zeros((1, 2), dtype=np.int16)
    table["pattern_energy"].attrs |= {"focus": 2, "context": 0, "stride": 2, "energy_form": "patterns"}
    xr.DataTree.from_dict({"/bottleneck/c": table}).to_netcdf(tmp_path / "windows.nc", engine="netcdf4")
    assert not refusals(twin("windows") + HEAT + STILL + asked_elsewhere("[6, 6]"), tmp_path)
    found = refusals(twin("windows") + HEAT + STILL + asked_elsewhere("[5, 5]"), tmp_path)
    assert codes(found) == {"E203"} and found[0].path == ("analysis", "x", "sides")
    found = refusals(twin("windows").replace("[4, 4]", "[5, 5]") + HEAT + STILL, tmp_path)
    assert codes(found) == {"E203"} and found[0].path == ("system", "graph")
