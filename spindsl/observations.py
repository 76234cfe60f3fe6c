"""What models of equilibrium are fitted to: configurations seen at one temperature, and nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import DataError, MeaningError
from .graph import Stage
from .hamiltonian import energy_of
from .seeds import generator

if TYPE_CHECKING:
    import xarray as xr

    from .factors import Lattice


@dataclass(frozen=True)
class Seen:
    """The observations that a model learns from: the first so many, None for all, of all but the last `test` chains."""

    observations: int | None = None
    test: int = 0


class Learner(ABC):
    """Parameters of a model that learns from observations, or could."""

    @property
    @abstractmethod
    def seen(self) -> Seen | None:
        """What it learns from; None where it sees no observation."""


def lattice(system: Stage, key: str = "kind") -> Lattice:
    """The lattice that matter lives on; MeaningError for any other graph."""
    found = energy_of(system).lattice
    if found is None:
        hint = 'system.graph = { kind = "square", … }'
        raise MeaningError("what is the same everywhere needs a lattice; this graph is none", key, hint=hint)
    return found


def admitted(trajectory: Stage, observations: int | None, test: int = 0) -> int:
    """How many observations are fitted; MeaningError where there are not so many, or all are for the test."""
    chains = len(trajectory.coords["chain"])
    if test >= chains:
        message = f"{test} chains for the test leave none of {chains} to learn from"
        raise MeaningError(message, "test", code="E203", hint=f"at most {chains - 1}" if chains > 1 else "more chains")
    have = (chains - test) * len(trajectory.coords["sample"])
    if observations is not None and observations > have:
        message = f"{observations} observations are asked for, the protocol makes {have}"
        message += f" beside the chains of the test, {test}" if test else ""
        raise MeaningError(message, "observations", code="E203", hint=f"at most {have}")
    return observations or have


def observed(trajectory: xr.Dataset, observations: int | None, test: int = 0) -> np.ndarray:
    """Observations (observation, site) of one temperature, those of a chain in succession; the first of each chain
    where fewer are asked for, and none of the last `test` chains. DataError where all are the same."""
    spins = trajectory["spins"].values
    spins = spins[: len(spins) - test]
    chains, samples, sites = spins.shape
    wanted = observations or chains * samples
    spins = spins[:, : -(-wanted // chains)].reshape(-1, sites)[:wanted]
    if not (spins != spins[0]).any():
        raise DataError(
            f"all {len(spins)} observations are one and the same configuration, from which nothing can be learned; "
            "a smaller beta, or samples further apart"
        )
    return np.ascontiguousarray(spins)


def shuffled(spins: np.ndarray, seed: int, *names: str) -> np.ndarray:
    """Each spin's values in an order of its own, (observation, site): a control in which spins know nothing of each
    other, but each is up as often as before."""
    return generator(seed, *names, "shuffled").permuted(spins, axis=0)


def unseen(trajectory: xr.Dataset, test: int) -> np.ndarray:
    """What no fit saw, (chain, sample, site): the last `test` chains; all of them where none was fitted to."""
    return trajectory["spins"].values[-test:]  # [-0:] is all
