"""Matter at equilibrium: Ising, Potts, learned energies, glasses."""

from judging import pairs, triples

test_pairs_of_uniform = pairs("uniform", checks=2000, cases=120)
test_triples_of_uniform = triples("uniform")
test_pairs_of_disordered = pairs("disordered", checks=1500, cases=80)
test_triples_of_disordered = triples("disordered")
