"""The five nouns of the language and the types their keys are made of.

A word is a frozen pydantic model with `kind: Literal["its-name"]`; subclassing a noun registers it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from .errors import MeaningError
from .graph import Stage

Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]
Label = Annotated[str, Field(min_length=1, max_length=64)]


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _unique(values: tuple) -> tuple:
    for k, value in enumerate(values):
        if value in values[:k]:
            raise MeaningError(f"{value!r} appears twice", k, code="E107")
    return values


Listed = BeforeValidator(_tuple)
Unique = AfterValidator(_unique)
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Labels = Annotated[tuple[Label, ...], Field(min_length=1), Listed, Unique]
Switches = Annotated[tuple[Count, ...], Field(min_length=1), Listed, Unique]


class Words(BaseModel):
    """What every table of the file shares: frozen, strict, no unknown key, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    def said(self) -> dict[str, Any]:
        """The table as JSON values: what decides the numbers, for a stage to hold."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Word(Words, ABC):
    """One `kind` of a noun."""

    cites: ClassVar[tuple[str, ...]] = ()  # BibTeX keys of the methods used

    def files(self) -> Mapping[str, str]:
        """Data files it reads, by the key that names them."""
        return {}


class System(Word, ABC):
    """Matter: what there is, before anything moves."""

    simulated: ClassVar[bool] = True

    @abstractmethod
    def stages(self, seed: int, data: Path) -> tuple[Stage, ...]:
        """The stage `system`, or for matter that is not simulated the stage `trajectory`.

        `data` is the folder where files named in the text are looked for.
        """


class Dynamics(Word, ABC):
    """How matter moves."""

    @abstractmethod
    def rule(self) -> dict[str, Any]:
        """The kernel's rule, {"rule": name of a NamedTuple of kernels.rules, field: value…}."""


class Protocol(Word, ABC):
    """What is done to matter, and what is recorded."""

    @abstractmethod
    def stages(self, system: Stage, dynamics: Dynamics, data: Path) -> tuple[Stage, ...]:
        """Stages that end in `trajectory`, with a stage `nulls` where the drives' order is known."""


class Bottleneck(Word, ABC):
    """A model that squeezes configurations through few latent variables, blind to the drives."""

    @abstractmethod
    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        """The stage `bottleneck.NAME`, from the stages `trajectory` and `split`."""


class Analysis(Word, ABC):
    """A question asked of configurations or of what a bottleneck kept of them."""

    @abstractmethod
    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        """Stages that end in `analysis.NAME`, from any stage before."""

    @abstractmethod
    def refers(self) -> str:
        """The bottleneck or variable that it reads."""


NOUNS = (System, Dynamics, Protocol, Bottleneck, Analysis)


def words(noun: type[Word]) -> dict[str, type[Word]]:
    """The registered words of a noun, by kind."""
    found = {}
    for word in noun.__subclasses__():
        found[get_args(word.model_fields["kind"].annotation)[0]] = word
        found |= words(word)
    return dict(sorted(found.items()))
