"""Metropolis on hypercubic tori, 64 chains a machine word: multispin coding with independent random numbers.

    torus     which site lies where; spins and colours into words and back
    digits    random digits, and the comparison u < p digit by digit for all lanes at once
    spins     rules of Ising spins: one coupling, couplings of both signs, any couplings and fields
    colours   the rule of Potts colours
    sweeps    sweeps of the two sublattices
    measures  energies and magnetizations of all lanes

Bit l of a word, its lane, belongs to one chain, or to one block of a chain whose lattice is cut into equal
blocks. Every lane draws digits of its own: lanes that share random numbers coalesce below the critical
temperature.
"""
