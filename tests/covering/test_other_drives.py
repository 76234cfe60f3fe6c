"""What is cycled, and what was recorded."""

from judging import pairs, triples

test_pairs_of_cycled = pairs("cycled", checks=1000, cases=60)
test_triples_of_cycled = triples("cycled")
test_pairs_of_recorded = pairs("recorded", checks=600, cases=40)
test_triples_of_recorded = triples("recorded")
