"""Permutation tests."""

import numpy as np


def p_value(guess, label, cluster, rng, permutations):
    """(1 + #{permuted score >= score}) / (1 + permutations) of the balanced score."""
    classes = np.unique(label)
    weight = 1 / np.bincount(label)[label] / len(classes)
    found = (weight * (guess == label)).sum()
    order = rng.permuted(np.tile(np.arange(len(label)), (permutations, 1)), axis=1)
    blind = (weight[order] * (guess == label[order])).sum(axis=1)
    return (1 + (blind >= found - 1e-12).sum()) / (1 + permutations)
