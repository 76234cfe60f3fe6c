"""Uniform matter at equilibrium: Ising, Potts, learned energies."""

from judging import pairs, triples

test_pairs_of_uniform = pairs("uniform", checks=1, cases=1)
test_triples_of_uniform = triples("uniform")
