"""Matter under a field drive."""

from judging import pairs, triples

test_pairs_of_driven = pairs("driven", checks=3000, cases=90)
test_triples_of_driven = triples("driven")
test_pairs_of_driven_uniform = pairs("driven uniform", checks=1500, cases=50)
test_triples_of_driven_uniform = triples("driven uniform")
