"""What is allowed and likely to be a mistake of physics is said by `check`, and nothing of what is not."""

import re
from pathlib import Path

import pytest

from spindsl.experiment import loads
from spindsl.lint import doubts

CLUSTERS = 'kind = "swendsen-wang"'
GLASS = 'kind = "edwards-anderson"\ncouplings = { kind = "plus-minus", strength = 1.0, positive = 0.5 }'


def told(text: str, *changes: str) -> list[tuple[str, str]]:
    return [(d.code, ".".join(map(str, d.path))) for d in doubts(loads(text, changes=changes), Path())]


def cluster(still: str) -> str:
    text = re.sub(r"\[reference.*", "", still, flags=re.S)
    return re.sub(r'kind = "metropolis"\norder = "random"', CLUSTERS, text)


def test_clusters_where_couplings_are_frustrated(still):
    """Both signs on loops; negative ones on odd rings, or against diagonals. Not on trees, not where two colours do."""
    text = cluster(still)
    glass = re.sub(r'kind = "ising"', GLASS, re.sub(r"\nJ = .*", "", text))
    doubt = [("W206", "dynamics.kind")]
    assert told(glass) == doubt
    chain = 'system.graph={ kind = "chain", sides = [6], periodic = false }'
    assert told(glass, chain) == []
    assert told(text) == []
    assert told(text, "system.J=-1.0", "system.graph.sides=[4, 4]") == []
    assert told(text, "system.J=-1.0", "system.graph.sides=[3, 4]") == doubt
    assert told(text, "system.J=-1.0", "system.graph.sides=[3, 4]", "system.graph.periodic=false") == []
    assert told(text, "system.terms=[{ offsets = [[0, 0], [1, 1]], J = -0.3 }]") == doubt
    assert told(still) == []


@pytest.mark.parametrize(
    ("betas", "doubted"),
    [([0.2, 0.3, 0.6], True), ([0.2, 0.41, 0.6], False), ([0.2, 0.6], False), ([0.1, 0.2, 0.3], False)],
)
def test_temperatures_that_miss_the_transition(still, betas, doubted):
    """Of K_c = 0.4407, unless one is within a tenth of it; two temperatures are no grid."""
    found = told(still, f"protocol.betas={betas}", "system.J=1.0", "system.graph.sides=[4, 4]")
    assert found == ([("W205", "protocol.betas")] if doubted else [])
    assert told(still, f"protocol.betas={betas}", "system.J=1.0", "system.field=0.1") == []


def test_a_bottleneck_that_squeezes_nothing(small):
    assert told(small) == []
    assert told(small, "bottleneck.pca.latent=24") == [("W201", "bottleneck.pca.latent")]
