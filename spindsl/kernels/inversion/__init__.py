"""Hamiltonians read off observations: arrays of configurations in, couplings with standard errors out.

candidates   which terms an energy may have: templates on a lattice, low order first
scores       pseudolikelihood of the conditionals: its gradient by blocks, its Hessian
templates    a translation-invariant energy, grown term by term, refitted without penalty
pairs        position-dependent couplings on a graph that is not known
potts        pair tables of colours
"""
