"""No stage reaches a name that is computed, but for the places that dictionaries are still to replace."""

from enrolled import ENROLLED, lowered

from spindsl.identity.lint import computed

KNOWN = {  # shrinks to nothing
    "spindsl.analyses.free_energy:measure",
    "spindsl.bottlenecks.pca:fit",
    "spindsl.estimators:evidence",
    "spindsl.kernels.rules:build",
    "spindsl.readers.csv:configuration",
    "spindsl.readers.csv:indices",
    "spindsl.readers.text:PlainText.rows",
    "spindsl.sampling:moving",
    "spindsl.sequences:untrained",
}


def test_nothing_is_computed_that_a_walk_should_follow(small, still, recording, tmp_path):
    stages = {}
    for noun, kind in ENROLLED:
        for stage in lowered(noun, kind, small, still, tmp_path, recording).stages.values():
            stages[stage.run, repr(stage.params)] = stage
    found = computed((s.run, (s.params, s.parts)) for s in stages.values())
    assert set(found) == KNOWN, found
