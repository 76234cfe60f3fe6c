"""How far a sequence model is from the truth, where the truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from .. import observations, sequences, truth
from ..architectures import Fitted
from ..errors import MeaningError
from ..factors import energy, read
from ..graph import Promise, Stage, Task
from ..sampling import Ensemble, Temperature
from ..spec import Analysis, Name

if TYPE_CHECKING:
    import xarray as xr

    from ..report.questions import Part


@dataclass(frozen=True)
class Compared:
    """A model, and the last chains on which it is tried; 0 for all chains."""

    model: Fitted
    test: int


class Divergence(Analysis):
    """KL(P||q) = <ln P - ln q>, nats a configuration, P = exp(-beta E) / Z with the exact Z of a reference.

    The mean is over observations that the fit did not see: the last `test` chains of the protocol as the bottleneck
    says, or all of them where it was trained by free energy and saw none. Samples of a chain know of one another:
    errors are of blocks many correlation times long, or of whole chains.
    """

    title: ClassVar = "Divergence from the truth"
    watches: ClassVar = ("beta", "chain", "sample")

    kind: Literal["divergence"]
    of: Name = Field(description="a bottleneck that says how likely a configuration is: made, gru or pixelcnn")
    against: Name = Field(description="the reference of the file that gives ln Z")

    @classmethod
    def page(cls) -> Part:
        from ..report.questions.divergence import PART

        return PART

    def refers(self) -> str:
        return self.of

    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        (fitted, model), trajectory = sequences.sequence(self.of, sources), sources["trajectory"]
        exact, _ = truth.against(self.against, sources, {})
        if "log_z" not in exact.gives:
            raise MeaningError(
                f"{self.against!r} does not give ln Z",
                "against",
                code="E204",
                hint="a reference that gives ln Z, such as enumeration",
            )
        if model.seen is not None and not model.seen.test:
            message = f"{self.of!r} was fitted to all chains, so that none is left to try it on"
            raise MeaningError(message, "of", code="E204", hint=f"bottleneck.{self.of}.test = 2, and more chains")
        front = fitted.gives["weights"].dims[:-1]
        says = "of observations that no fit saw"
        gives = {
            "divergence": Promise(front, "nat", f"KL(P||q) a configuration, mean of ln P - ln q {says}"),
            "divergence_se": Promise(front, "nat", "standard error of the divergence"),
            "cross_entropy": Promise(front, "nat", f"mean -ln q {says}"),
            "cross_entropy_se": Promise(front, "nat", "standard error of the cross entropy"),
        }
        test = model.seen.test if model.seen else 0
        count = (test or len(trajectory.coords["chain"])) * len(trajectory.coords["sample"])
        return (Stage(
            f"analysis.{name}", compare, Compared(model, test), gives,
            ("trajectory", "system", fitted.name, exact.name), group=f"/analysis/{name}", coords=fitted.coords,
            interpreted=True, accelerated=True,
            seconds=1e-10 * count * fitted.bytes * model.sites, **Ensemble.of(trajectory).how,
        ),)  # fmt: skip


def compare(
    task: Task[Compared, Temperature], trajectory: xr.Dataset, system: xr.Dataset, **sources: xr.Dataset
) -> xr.Dataset:
    """One temperature."""
    from ..kernels.autocorrelation import averaged

    model, (found, exact) = task.params.model, sources.values()
    spins = observations.unseen(trajectory, task.params.test)
    log_p = -task.part_params.beta * energy(read(system), spins) - float(exact["log_z"])
    each = []
    for n in range(model.networks):
        log_q = sequences.log_q(model, found, spins, n)
        one = {"divergence": averaged(log_p - log_q), "cross_entropy": averaged(-log_q)}
        each.append(sequences.numbers({f"{k}{end}": v for k, two in one.items() for end, v in zip(("", "_se"), two)}))
    return sequences.beside(model, each)
