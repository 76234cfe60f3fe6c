"""Glasses at equilibrium."""

from judging import pairs, triples

test_pairs_of_disordered = pairs("disordered", checks=1, cases=1)
test_triples_of_disordered = triples("disordered")
