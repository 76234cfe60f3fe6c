"""How a label is read off features: densities of each class and readers, and on which trials they are scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

import numpy as np
from pydantic import Field

from .errors import DataError, MeaningError
from .spec import Fraction, Positive, Words


class Classifier(Words, ABC):
    """What gives each class its evidence, from features of trials whose class is known."""

    @abstractmethod
    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        """Log evidence of each class for the features `asked`, (sample, class), from features x with their labels."""


class Kde(Classifier):
    """Kernel density of each class: Gaussian kernels, covariance of the class, Scott's rule."""

    kind: Literal["kde"]

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        from .kernels.densities import kde

        return kde(x, label, asked, classes)


class Gaussian(Classifier):
    """A normal distribution of each feature and class (naive Bayes), as the authors' script had it."""

    kind: Literal["gaussian"]

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        from .kernels.densities import gaussian

        return np.asarray(gaussian(x, label, asked, classes))


class FullGaussian(Classifier):
    """A normal distribution of all features together, with a covariance of its own for each class."""

    kind: Literal["full-gaussian"]

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        from .kernels.densities import full_gaussian

        return full_gaussian(x, label, asked, classes)


class Histogram(Classifier):
    """Joint histogram of at most three features, as the paper's text has it for the power."""

    kind: Literal["histogram"]
    bins: Annotated[int, Field(ge=2, le=1000)] = Field(description="cells a feature")

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        """Evidence itself, which may be 0, in the place of its logarithm."""
        from .kernels.densities import histogram

        return histogram(x, label, asked, classes, self.bins)


class Bernoulli(Classifier):
    """Independent spins with means of their own for each class (naive Bayes of ±1)."""

    kind: Literal["bernoulli"]

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        from .kernels.densities import bernoulli

        return bernoulli(x, label, asked, classes)


class Logistic(Classifier):
    """Multinomial logistic regression; sees the labels, so it is a reader and no bottleneck."""

    kind: Literal["logistic"]
    C: Positive = Field(description="inverse of the penalty on squared weights")

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        from .kernels.densities import logistic

        return logistic(x, label, asked, classes, self.C)


class Lda(Classifier):
    """Linear discriminant analysis: normal distributions with one covariance for all classes."""

    kind: Literal["lda"]
    shrinkage: Literal["ledoit-wolf"] | Fraction | None = Field(
        default=None, description="of the covariance towards its diagonal; absent for none"
    )

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        from .kernels.densities import lda

        return lda(x, label, asked, classes, self.shrinkage)


class Folds(Words):
    """Cross-validation: every trial is held out once."""

    folds: Annotated[int, Field(ge=2)]


Density = Kde | Gaussian | FullGaussian | Histogram | Bernoulli
By = Annotated[Density | Logistic | Lda, Field(discriminator="kind")]
Scored = Literal["held-out", "all"] | Folds
JOINT = 3  # features that a kernel density or a histogram can carry


class Evident(Protocol):
    """Whatever gives classes their evidence: a classifier that a file names, or one that an analysis brings."""

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray: ...


@dataclass(frozen=True)
class Reading:
    """How labels are read, and which trials are fitted to and scored."""

    by: Evident
    score: Scored
    real: bool = False  # features are real numbers, standardised by the trials fitted to

    def evidence(self, x: np.ndarray, label: np.ndarray, asked: np.ndarray, classes: int) -> np.ndarray:
        """Log evidence of each class for the features `asked`, (sample, class), from features x with their labels."""
        if self.real:
            mean, std = x.mean(axis=0), x.std(axis=0)
            x, asked = ((v - mean) / np.where(std > 0, std, 1.0) for v in (x, asked))
        return self.by.evidence(x, label, asked, classes)


def fits(by: Classifier, variable: str, width: int) -> None:
    """MeaningError for a density that so many features do not allow."""
    if isinstance(by, Histogram | Kde) and width > JOINT and variable in ("spins", "features"):
        what = "raw spins" if variable == "spins" else f"more than {JOINT} features"
        raise MeaningError(f"a joint density of {what} is out of reach", "by", hint="use gaussian or logistic")
    if isinstance(by, Histogram) and by.bins**width > 10_000_000:
        raise MeaningError(
            f"a histogram of {width} features has {by.bins}^{width} cells", "by", hint="use gaussian or kde"
        )
    if isinstance(by, Bernoulli) and variable != "spins":
        raise MeaningError("bernoulli is for raw spins", "by", hint="use gaussian")


def least(by: Classifier, width: int) -> int:
    """Trials of each class that a density of so many features has to be fitted to."""
    return width + 1 if isinstance(by, Kde | FullGaussian) else 1


def rounds(score: Scored, held: np.ndarray, fold: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Which samples are fitted to and which are scored, a round at a time."""
    if isinstance(score, Folds):
        for k in range(score.folds):
            yield fold % score.folds != k, fold % score.folds == k
    elif score == "held-out":
        yield ~held, held
    else:
        yield np.ones_like(held), np.ones_like(held)


def seen(score: Scored, label: np.ndarray, fold: np.ndarray, names: list[str]) -> None:
    """DataError if a fold would hold every trial of a class, as folds of whole groups may."""
    if not isinstance(score, Folds):
        return
    for k in range(score.folds):
        for d in set(range(len(names))) - set(label[fold % score.folds != k].tolist()):
            raise DataError(f"fold {k + 1} holds every trial of drive {names[d]!r}; take more or fewer folds")


def log_evidence(
    reading: Reading, x: np.ndarray, label: np.ndarray, held: np.ndarray, fold: np.ndarray, classes: int
) -> np.ndarray:
    """Log evidence (sample, class) of all that are scored, NaN of others; a label of -1 is neither seen nor asked."""
    known = label >= 0
    out = np.full((len(label), classes), np.nan)
    if not np.isfinite(x[known]).all():
        return out
    for train, test in rounds(reading.score, held, fold):
        train, test = train & known, test & known
        if not test.any() or not train.any():
            continue
        present, own = np.unique(label[train], return_inverse=True)
        found = np.full((np.count_nonzero(test), classes), -np.inf)
        found[:, present] = reading.evidence(x[train], own, x[test], len(present))
        out[test] = found
    return out


def guesses(
    reading: Reading, x: np.ndarray, label: np.ndarray, held: np.ndarray, fold: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Guess (-1 where not scored) and credit (NaN there) of every sample; a label of -1 is neither seen nor asked."""
    return scores(log_evidence(reading, x, label, held, fold, classes), label)


def scores(evidence: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Guess (-1 where not scored) and credit (NaN there) from the log evidence of each class.

    Credit is weighted so that every class counts alike, however many of its trials are scored: the mean
    is the balanced score, and a blind guess is worth one over the number of classes.
    """
    from .kernels import densities

    scored = ~np.isnan(evidence).any(axis=1)
    guess, credit = np.full(len(label), -1), np.full(len(label), np.nan)
    guess[scored] = evidence[scored].argmax(axis=1)
    credit[scored] = densities.credit(evidence[scored], label[scored])
    counts = np.bincount(label[scored], minlength=evidence.shape[1])
    weight = scored.sum() / np.maximum(np.count_nonzero(counts) * counts, 1)
    return guess, credit * np.where(label >= 0, weight[label], np.nan)


def margins(evidence: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Log evidence of the true class minus that of the best other one, finite; NaN where not scored."""
    scored = ~np.isnan(evidence).any(axis=1)
    others = np.where(np.arange(evidence.shape[1]) == label[:, None], -np.inf, evidence).max(axis=1)
    most = np.finfo(float).max / 4
    own = np.take_along_axis(evidence, np.maximum(label, 0)[:, None], axis=1)[:, 0]
    return np.where(scored, np.clip(own, -most, most) - np.clip(others, -most, most), np.nan)
