"""What `import spindsl` gives takes paths as text and as Path."""

from pathlib import Path

import pytest

import spindsl


@pytest.mark.parametrize("kind", [str, Path])
def test_paths_as_text_or_path(tmp_path, small, kind):
    head, tail = small.index("[bottleneck.vae]"), small.index("[analysis.power]")
    (tmp_path / "x.toml").write_text(small[:head] + small[tail:])
    file, runs = kind(tmp_path / "x.toml"), kind(tmp_path / "runs")
    assert spindsl.load(file).title == "small"
    assert spindsl.load(file, ("seed=8",)).seed == spindsl.load(file, ["seed=8"]).seed == 8
    assert spindsl.load(file, "seed=8").seed == spindsl.loads(Path(file).read_text(), changes=["seed=8"]).seed == 8
    outcome = spindsl.opened(file, runs, kind(tmp_path), ["protocol.switches=2"]).run(1)
    for result in (kind(outcome.path), kind(outcome.path / "result.nc")):
        with spindsl.open(result) as tree:
            assert tree["/analysis/spins/score"].sizes == {"time": 2}
    assert spindsl.load(kind(outcome.path / "result.nc")).title == "small"
    assert spindsl.opened(kind(outcome.path / "result.nc"), runs).experiment.protocol.switches == 2
