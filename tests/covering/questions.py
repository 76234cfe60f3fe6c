"""Tiny tables of everything that looks at a core: references, bottlenecks, analyses.

`{of}` stands for a bottleneck or an observable, `{reference}` for a reference, `{sides}` for sides of another lattice.
"""

from __future__ import annotations

from dataclasses import dataclass

from tables import Choice, choices

REFERENCES = choices(
    "reference", {k: {"": ""} for k in ("chain", "enumeration", "kaufman", "onsager", "transfer-matrix")}
)

NET = "hidden = [6]\nlatent = 2\nepochs = 1\nbatch = 8\n"
DRIVEN = choices("bottleneck", {
    "pca": {
        "": "latent = 2\n", "pooled": 'latent = 1\nfit = "pooled"\n',
        "decode": "latent = 2\ndecode = { switches = [4] }\n",
    },
    "vae": {
        "": NET,
        "gaussian": NET + 'visible = "gaussian"\n',
        "decode": NET + "networks = 2\ndecode = { switches = [4], points = 2 }\n",
        "pooled": NET.replace("latent = 2", "latent = 1") + 'fit = "pooled"\n',
    },
    "autoencoder": {
        "": NET, "gaussian": NET + 'visible = "gaussian"\n',
        "decode": NET + "decode = { switches = [4], points = 2 }\n",
    },
    "vib": {"": NET + "beta = 0.01\n"},
    "rbm": {
        "": 'hidden = "bernoulli"\nlatent = 2\nepochs = 1\nbatch = 8\n',
        "gaussian": 'hidden = "gaussian"\nstates = "zero-one"\nlatent = 2\nepochs = 1\nbatch = 8\n',
    },
    "tica": {"": "latent = 2\nshuffles = 3\n"},
})  # fmt: skip
SEEN = 'train = "observations"\nepochs = 1\nbatch = 20\nlearning_rate = 0.01\ndrawn = 20\n'
TOLD = 'train = { by = "free-energy", steps = 4, annealing = 0.2 }\nbatch = 10\nlearning_rate = 0.01\ndrawn = 20\n'
MASKED = 'unwrapping = "raster"\ndepth = 2\nwidth = 2\n'
WINDOWS = "hidden = [3]\nsteps = 2\nbatch = 20\nlearning_rate = 0.01\n"
STILL = choices("bottleneck", {
    "cluster-expansion": {
        "": 'order = 2\nreach = 1\nblocks = 20\nestimator = "pseudolikelihood"\n',
        "likelihood": "order = 3\nreach = 1\nblocks = 20\n",
        "shuffled": 'order = 1\nblocks = 20\nestimator = "pseudolikelihood"\nshuffled = true\nobservations = 60\n',
    },
    "mean-field": {"": 'closure = "independent-pair"\n', "all": 'closure = "mean-field"\n'},
    "pairwise": {"": 'blocks = 20\nestimator = "pseudolikelihood"\n', "likelihood": "blocks = 20\nfields = false\n"},
    "colour-expansion": {"": "reach = 1\nblocks = 20\n"},
    "ednn": {
        "": 'focus = 1\ncontext = 1\nskip = 0\ntrain = "pseudolikelihood"\n' + WINDOWS,
        "skip": 'focus = 2\ncontext = 0\nskip = 2\ntrain = "pseudolikelihood"\nshrink = 10.0\n' + WINDOWS,
        "labels": 'focus = 2\ncontext = 0\nskip = 0\ntrain = { labels = "made", configurations = 20 }\n' + WINDOWS,
    },
    "made": {
        "": MASKED + SEEN,
        "test": MASKED + SEEN + "test = 1\nnetworks = 2\n",
        "symmetric": MASKED + SEEN + 'symmetric = true\naugment = ["flips", "translations"]\n',
        "odd": MASKED + TOLD + "odd = true\n",
        "primed": MASKED + TOLD + "primed = true\n",
    },
    "gru": {"": 'unwrapping = "snake"\nhidden = 3\n' + SEEN, "told": 'unwrapping = "spiral"\nhidden = 3\n' + TOLD},
    "pixelcnn": {
        "": "depth = 2\nwidth = 2\nreach = 1\n" + SEEN + "test = 1\n",
        "told": "depth = 2\nwidth = 2\nreach = 1\n" + TOLD,
    },
})  # fmt: skip

OBSERVABLES = ("power", "work", "spins", "features", "curve", "activity", "magnetization", "energy")
BY = {
    "kde": '{ kind = "kde" }', "gaussian": '{ kind = "gaussian" }', "full-gaussian": '{ kind = "full-gaussian" }',
    "histogram": '{ kind = "histogram", bins = 3 }', "bernoulli": '{ kind = "bernoulli" }',
    "logistic": '{ kind = "logistic", C = 0.1 }', "lda": '{ kind = "lda" }',
    "lda-shrunk": '{ kind = "lda", shrinkage = "ledoit-wolf" }',
}  # fmt: skip
OF = 'of = "{of}"\n'
GAUSS = OF + 'by = { kind = "gaussian" }\n'
LINE = OF + 'by = { kind = "logistic", C = 0.1 }\n'
READ = choices("analysis", {
    "classification": {name: f"{OF}by = {by}\n" for name, by in BY.items()} | {
        "samples": GAUSS + 'use = "samples"\n', "evidence": GAUSS + 'use = "evidence"\n',
        "folds": GAUSS + "score = { folds = 2 }\n", "all": LINE + 'score = "all"\nswitches = [4]\n',
    },
    "discrimination": {
        "": GAUSS + 'reference = "A"\n',
        "against": LINE + 'reference = "A"\nstates = "different"\n'
        'against = { "0.1" = 0.1, "0.5" = 0.5, "0.9" = 0.9 }\n',
    },
    "field-history": {"": LINE + "lags = 2\nswitches = [3, 4]\n", "gaussian": GAUSS + "lags = 1\nswitches = [4]\n"},
    "information": {"": GAUSS + "neighbours = 2\n", "logistic": LINE + "score = { folds = 2 }\nswitches = [4]\n"},
    "interpretation": {"": OF + "samples = 5\nneighbours = 3\n"},
    "kinks": {"": OF + "width = 0.2\nlevel = 2.0\n"},
    "memory-capacity": {"": GAUSS},
    "novelty": {
        "": OF + 'known = ["A"]\nnovel = ["B", "C"]\nby = { kind = "gaussian" }\n',
        "value": OF + 'known = ["A"]\nnovel = ["0.5", "0.9"]\nby = { kind = "value", novel = "high" }\n',
        "drives": OF + 'known = ["AB"]\nnovel = ["BC"]\nby = { kind = "full-gaussian" }\neach = false\n',
    },
    "retention": {"": GAUSS + "since = 2\n", "late": LINE + "since = 4\n"},
    "robustness": {"": LINE, "gaussian": GAUSS + "switches = [4]\n"},
    "threshold": {"": OF + "last = 2\n"},
})  # fmt: skip
CHAINS = 'betas = [0.1, 0.4]\nchains = 2\ninitial = "random"\nburn_in = 2\nsamples = 10\nevery = 1\n'
HEAT = 'dynamics = { kind = "heat-bath", order = "sequential" }\n'
WHOLE = 'dynamics = { kind = "wolff" }\n'
NODES = "integral = { nodes = 1, samples = 5 }\n"
ASKED = choices("analysis", {
    "thermodynamics": {"": "", "against": 'against = "{reference}"\n'},
    "inversion": {"": OF + "each = 2\n", "bins": OF + "each = 2\nbins = 3\n"},
    "coverage": {"": OF + "each = 2\n"},
    "extrapolation": {"": OF + CHAINS + HEAT, "larger": OF + CHAINS + WHOLE + "sides = {sides}\n"},
    "free-energy": {
        "": OF + CHAINS + HEAT + NODES + 'constant = "mean-zero"\n',
        "ordered": OF + CHAINS + WHOLE + NODES + 'constant = { ordered = -2.0 }\nagainst = "{reference}"\n',
        "true": CHAINS + HEAT + NODES,
        "against": CHAINS + HEAT + NODES + 'against = "{reference}"\n',
    },
    "divergence": {"": OF + 'against = "{reference}"\n'},
    "importance": {"": OF + "count = 20\n", "against": OF + 'count = 20\nagainst = "{reference}"\n'},
})  # fmt: skip
BESIDE = {"memory-capacity": '[[sweep]]\nproduct = { "protocol.drives.fields" = [2, 4] }\n'}


@dataclass(frozen=True)
class Question:
    """One analysis of one bottleneck or observable against one reference, any of them absent."""

    analysis: Choice | None = None
    of: Choice | None = None
    reference: Choice | None = None

    @property
    def label(self) -> str:
        given = {"analysis": self.analysis, "of": self.of, "reference": self.reference}
        return " ".join(f"{k}={c.label}" for k, c in given.items() if c)

    @property
    def parts(self) -> tuple[Question, ...]:
        """Its bottleneck and its reference alone, beside an analysis."""
        if self.analysis is None:
            return ()
        bottleneck = (Question(of=self.of),) if self.of and self.of.noun == "bottleneck" else ()
        return (*bottleneck, *((Question(reference=self.reference),) if self.reference else ()))

    @property
    def beside(self) -> str:
        """What the file needs besides, which changes all of it."""
        return BESIDE.get(self.analysis.kind, "") if self.analysis else ""


def questions(bottlenecks: tuple[Choice, ...], observables: tuple[str, ...], analyses: tuple[Choice, ...]):
    """Every analysis of everything, every bottleneck and reference alone."""
    of = (*bottlenecks, *(Choice("observable", name, "") for name in observables))
    for reference in REFERENCES:
        yield Question(reference=reference)
    for bottleneck in bottlenecks:
        yield Question(of=bottleneck)
    for analysis in analyses:
        for one in of if "{of}" in analysis.text else (None,):
            for reference in REFERENCES if "{reference}" in analysis.text else (None,):
                yield Question(analysis, one, reference)


EQUILIBRIUM = tuple(questions(STILL, (), ASKED))
DRIVES = tuple(questions(DRIVEN, OBSERVABLES, READ))
MISPLACED = tuple(questions((STILL[0], DRIVEN[0]), ("spins",), (*ASKED[:3], *READ[:3])))
