"""Matter under a field drive."""

from judging import pairs, triples

test_pairs_of_driven = pairs("driven", checks=1, cases=1)
test_triples_of_driven = triples("driven")
test_pairs_of_driven_uniform = pairs("driven uniform", checks=1, cases=1)
test_triples_of_driven_uniform = triples("driven uniform")
