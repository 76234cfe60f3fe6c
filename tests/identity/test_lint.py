"""No stage reaches a name that is computed: a dictionary says what there is."""

from enrolled import ENROLLED, lowered

from spindsl.identity.lint import computed


def test_nothing_is_computed_that_a_walk_should_follow(small, still, recording, tmp_path):
    stages = {}
    for noun, kind in ENROLLED:
        for stage in lowered(noun, kind, small, still, tmp_path, recording).stages.values():
            stages[stage.run, repr(stage.params)] = stage
    found = computed((s.run, (s.params, s.parts)) for s in stages.values())
    assert not found
