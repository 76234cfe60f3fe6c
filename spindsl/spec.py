"""The nouns of the language and the types their keys are made of.

A word is a frozen pydantic model with `kind: Literal["its-name"]`; subclassing a noun registers it. Six
nouns are tables of the file; the parts (graph, couplings, reader) are tables within a word. A key that
is annotated with a noun takes any word of it. Its `kind` is looked up when the table is read, so that a file loads
the words it uses and no others: `kind = "spin-glass"` of [system] lies in systems/spin_glass.py.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, Union, dataclass_transform, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticKnownError, core_schema

from .errors import MeaningError
from .graph import Stage

if TYPE_CHECKING:
    import numpy as np
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

    from .factors import Lattice
    from .kinetics import Cycling, Matter, Rates
    from .label_checks import Trials
    from .moves import Sweeps
    from .recording import Header, Recording, Variables
    from .report.questions import Part

Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]
Label = Annotated[str, Field(min_length=1, max_length=64)]

SWEEPABLE = r"^(system|dynamics|protocol|split|reference|bottleneck|analysis)(\.[A-Za-z0-9_-]+)+$|^seed$"


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _unique(values: tuple) -> tuple:
    for k, value in enumerate(values):
        if value in values[:k]:
            raise MeaningError(f"{value!r} appears twice", k, code="E107", hint="drop one of the two")
    return values


Listed = BeforeValidator(_tuple)
Unique = AfterValidator(_unique)
Text = Annotated[str, Field(min_length=1, max_length=1000)]
Labels = Annotated[tuple[Label, ...], Field(min_length=1), Listed, Unique]
Switches = Annotated[tuple[Count, ...], Field(min_length=1), Listed, Unique]


def _ascending(betas: tuple[float, ...]) -> tuple[float, ...]:
    for k in range(1, len(betas)):
        if betas[k] < betas[k - 1]:
            raise MeaningError(
                f"{betas[k]:g} comes after {betas[k - 1]:g}", k, code="E203", hint="write them ascending"
            )
    return betas


Betas = Annotated[tuple[Positive, ...], Field(min_length=1), Listed, Unique, AfterValidator(_ascending)]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
class Frozen(type(BaseModel)):
    """Tells type checkers that tables are frozen, so that a word may narrow a key that it inherits."""


class Words(BaseModel, metaclass=Frozen):
    """What every table of the file shares: frozen, strict, no unknown key, no NaN or infinity."""

    # a validator is built when a table of its kind is first read
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    def said(self) -> dict[str, Any]:
        """The table as JSON values: what decides the numbers, for a stage to hold."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Word(Words, ABC):
    """One `kind` of a noun."""

    home: ClassVar[str] = ""  # of a noun: the folder of its words
    cites: ClassVar[tuple[str, ...]] = ()  # of the methods used: keys of our bibliography, or whole entries "@…"
    title: ClassVar[str] = ""  # for people; absent: its kind, hyphens as spaces

    @classmethod
    def of_kind(cls) -> str:
        """Its `kind`, as the file names it."""
        return str(get_args(cls.model_fields["kind"].annotation)[0])

    @classmethod
    def traits(cls) -> dict[str, str | int]:
        """What a result says of its kind, stored beside the numbers: names as text, yes and no as 1 and 0."""
        kind = cls.of_kind()
        return {"kind": kind, "title": cls.title or kind.replace("-", " ")}

    @classmethod
    def page(cls) -> Part | None:
        """Its part of the report; None leaves its numbers to the general tables."""
        return None

    def files(self) -> Mapping[str, str]:
        """Data files it reads, by the key that names them."""
        return {}

    def cited(self) -> Iterator[str]:
        """BibTeX keys of the methods used, those of the words within it included."""
        yield from self.cites
        for _, part in self:
            if isinstance(part, Word):
                yield from part.cited()

    def doubts(self, stages: Mapping[str, Stage]) -> Iterator[MeaningError]:
        """What is allowed and still likely to be a mistake of physics, with codes W2xx; shown by `check`."""
        yield from ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A noun takes any of its words, told apart by `kind`."""
        if is_noun(cls):
            return core_schema.no_info_plain_validator_function(partial(of_noun, cls))
        return handler(source)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Of a noun the union of all its words."""
        from pydantic import TypeAdapter

        return handler(TypeAdapter(choice(cls)).core_schema if is_noun(cls) else core)


class System(Word, ABC):
    """Matter: what there is, before anything moves."""

    home = "systems"
    simulated: ClassVar[bool] = True
    unit: ClassVar[str] = ""  # of energies, where it has any
    cyclic: ClassVar[Matter | None] = None  # what it is for a drive in cycles; its stage then has the word as params

    def recorded(self, trajectory: Stage) -> tuple[list[str], list[str] | None] | None:
        """Drive and specimen of each trial of matter that is not simulated; None where files are too large to look."""
        return None

    @abstractmethod
    def stages(self, disorder: int, data: Path) -> tuple[Stage, ...]:
        """The stage `system` of the realization of a seed, or for matter that is not simulated the stage `trajectory`.

        `data` is the folder where files named in the text are looked for.
        """


class Dynamics(Word, ABC):
    """How matter moves."""

    home = "dynamics"

    def sweeps(self) -> Sweeps | None:
        """How chains move at equilibrium; None for a dynamics that has no sweeps."""
        return None

    def rates(self) -> Rates | None:
        """Rates of single spins in continuous time; None for a dynamics without. See `stages` for what differs
        between spins."""
        return None

    def cycling(self) -> Cycling | None:
        """What a cycle of a strain or an input does to matter; None for a dynamics that knows no cycles."""
        return None

    def stages(self, system: Stage) -> tuple[Stage, ...]:
        """The stage `dynamics`, if spins differ in it: the rule's fields that have a value a spin."""
        return ()


class Protocol(Word, ABC):
    """What is done to matter, and what is recorded."""

    home = "protocols"

    @abstractmethod
    def stages(self, sources: Mapping[str, Stage], dynamics: Dynamics, data: Path) -> tuple[Stage, ...]:
        """Stages that end in `trajectory`, with a stage `nulls` where the drives' order is known.

        From the stages `system` and, if there is one, `dynamics`.
        """

    def counts(self) -> Mapping[str, int]:
        """How many configurations of a drive or temperature are recorded: the product of these, by key of the file.

        Known without numbering them, so that too many are refused first.
        """
        return {}

    def applied(self) -> int:
        """The number of switches of each trial, recorded or not; 0 without a drive."""
        return 0


class Reference(Word, ABC):
    """Exact truth that results can be held against, where there is any."""

    home = "references"

    @abstractmethod
    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        """The stage `reference.NAME`, from the stages `system` and `trajectory`, at whose temperatures it is asked."""


class Model(Word, ABC):
    """What looks at configurations: `watches` says by which dimensions they must be told apart.

    The page compares networks (`neural`) with plain statistics (`plain`), and marks what is not blind (`supervised`).
    """

    watches: ClassVar[tuple[str, ...]] = ("trial", "time")
    neural: ClassVar[bool] = False  # trained by gradient
    supervised: ClassVar[bool] = False  # has seen the names of the drives
    plain: ClassVar[bool] = True  # a plain statistic; whatever is neural is none

    @classmethod
    def traits(cls) -> dict[str, str | int]:
        plain = cls.plain and not cls.neural
        return super().traits() | {"neural": int(cls.neural), "supervised": int(cls.supervised), "plain": int(plain)}


class Bottleneck(Model, ABC):
    """A model that squeezes configurations through few latent variables.

    Its stage gives `latent_mean`, with a posterior `latent_std`, and `log_evidence` where the model says how likely
    a configuration is. It is fitted to trials that are not held out; blind to the drives unless `supervised`.
    """

    home = "bottlenecks"
    normalized: ClassVar[bool] = False  # gives ln q of a configuration, with sum_s q(s) = 1

    drives: Labels | None = Field(default=None, description="fitted to trials of these drives; absent: of all")

    @classmethod
    def traits(cls) -> dict[str, str | int]:
        return super().traits() | {"normalized": int(cls.normalized)}

    @abstractmethod
    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        """The stage `bottleneck.NAME`, from the stages `trajectory` and `split`."""

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        """What the labels of trials do not allow, from the stages before and its own."""
        for k, drive in enumerate(self.drives or ()):
            if drive not in trials.names:
                hint = f"one of {', '.join(trials.names)}"
                where, code = (f"{trials.file}: ", "E305") if trials.file else ("", "E202")
                yield MeaningError(
                    f"{where}no trial of drive {drive!r}; there are {', '.join(trials.names)}",
                    "drives",
                    k,
                    code=code,
                    hint=hint,
                )
                return
        if self.supervised and len(self.drives or trials.names) < 2:
            hint = "a supervised bottleneck tells two drives or more apart"
            yield MeaningError("all trials are of one drive", "kind", code="E207", hint=hint)

    def refers(self) -> tuple[str, ...]:
        """The bottlenecks whose results it takes."""
        return ()

    def doubts(self, stages: Mapping[str, Stage]) -> Iterator[MeaningError]:
        latent, spins = getattr(self, "latent", 0), stages["trajectory"].sizes.get("spin")
        if spins is not None and latent >= spins:
            message = f"{latent} latent variables squeeze nothing out of {spins} spins"
            yield MeaningError(message, "latent", code="W201", hint="far fewer than spins")


class Fitted(ABC):
    """Parameters of a stage that fits a bottleneck."""

    @property
    @abstractmethod
    def fitted_to(self) -> tuple[str, ...] | None:
        """The drives whose trials it is fitted to, None for all."""


def fitted_drives(params: object) -> tuple[str, ...] | None:
    """The drives whose trials a bottleneck with these parameters is fitted to, None for all."""
    if isinstance(params, Bottleneck):
        return params.drives
    return params.fitted_to if isinstance(params, Fitted) else None


class Analysis(Model, ABC):
    """A question asked of configurations or of what a bottleneck kept of them."""

    home = "analyses"

    @abstractmethod
    def stages(self, name: str, sources: Mapping[str, Stage]) -> tuple[Stage, ...]:
        """Stages that end in `analysis.NAME`, from any stage before."""

    @abstractmethod
    def refers(self) -> str:
        """The bottleneck or variable that it reads."""

    def asks(self, name: str, sources: Mapping[str, Stage], trials: Trials) -> Iterator[MeaningError]:
        """What the labels of trials do not allow, from the stages before and its own."""
        yield from ()

    def compares(self) -> tuple[str, ...]:
        """The references that it is held against: the key `against`, where it is a name."""
        against = getattr(self, "against", None)
        return (against,) if isinstance(against, str) else ()


class Topology(Word):
    """Which spins are coupled: the key `graph` of a system."""

    home = "graphs"

    @abstractmethod
    def edges(self, spins: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Pairs i < j of neighbours, each once, in any order, (edge)."""

    @property
    def extent(self) -> tuple[int, ...] | None:
        """Sides of the lattice that it is, which say how many spins there are; None for any other graph."""
        return self.lattice.sides if self.lattice else None

    @property
    def lattice(self) -> Lattice | None:
        """The lattice that it is; None for any other graph."""
        return None

    def resized(self, sides: tuple[int, ...]) -> Topology:
        """The same kind of lattice with other sides; MeaningError for any other graph."""
        raise MeaningError("this graph is no lattice", "graph", "kind", hint="chain, square or cubic")

    @abstractmethod
    def degree(self, spins: int) -> float:
        """Mean number of neighbours; MeaningError if so many spins have no such graph."""


class Couplings(Word):
    """How strongly spins are coupled: the key `couplings` of a system."""

    home = "couplings"

    @abstractmethod
    def bonds(
        self,
        spins: int,
        graph: Topology | None,
        stream: Callable[[str], np.random.Generator],
        files: Mapping[str, Path],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Edges i < j and their J, K, (edge); `stream` gives a generator by name. DataError for a bad file."""

    @abstractmethod
    def fits(self, graph: Topology | None) -> None:
        """MeaningError if a graph is lacking, or given beside couplings that bring their own."""


class Drawn(Couplings):
    """Couplings drawn independently, one an edge of a graph."""

    @abstractmethod
    def draw(self, edges: int, rng: np.random.Generator) -> np.ndarray:
        """J of so many edges, K, (edge)."""

    def bonds(
        self, spins: int, graph: Topology | None, stream: Callable[[str], np.random.Generator],
        files: Mapping[str, Path],
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        assert graph is not None  # `fits` says so
        i, j = graph.edges(spins, stream("graph"))
        return i, j, self.draw(len(i), stream("couplings"))

    def fits(self, graph: Topology | None) -> None:
        if graph is None:
            raise MeaningError(
                "drawn couplings need a graph",
                "graph",
                code="E102",
                hint='graph = { kind = "erdos-renyi", mean_degree = 4 }',
            )


class Reader(Word):
    """How recorded matter is read from its files: the key `reader` of a recorded system.

    `files` are the paths by the keys of `files()`; `names` and `observables` are the file's names.
    """

    home = "readers"

    @abstractmethod
    def fits(self, names: Variables, observables: Mapping[str, str | int]) -> None:
        """MeaningError for names that such files do not have."""

    @abstractmethod
    def header(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Header:
        """Sizes and times, reading as little as possible; DataError for a bad file."""

    @abstractmethod
    def read(self, files: Mapping[str, Path], names: Variables, observables: Mapping[str, str | int]) -> Recording:
        """Everything that is named; DataError says where a file holds something else."""

    def nameless(self) -> Self:
        """Without the names of its files: these are known by their content."""
        return self.model_copy(update={key.partition(".")[0]: "-" for key in self.files()})


NOUNS = (System, Dynamics, Protocol, Reference, Bottleneck, Analysis)  # tables of the file
PARTS = (Topology, Couplings, Reader)  # tables within a word


def is_noun(form: Any) -> bool:
    """Whether a type stands for all its words."""
    return form in NOUNS or form in PARTS


def of_noun(noun: type[Word], table: object) -> Word:
    """A table as a word of a noun."""
    if isinstance(table, noun):
        return table
    if not isinstance(table, Mapping):
        raise PydanticKnownError("model_type", {"class_name": noun.__name__})
    if "kind" not in table:
        raise PydanticKnownError("union_tag_not_found", {"discriminator": "'kind'"})
    return word(noun, table)


def word(noun: type[Word], table: Mapping[str, object]) -> Any:
    """The word of a noun that a table names by its `kind`, with what the table says."""
    kind = str(table["kind"])
    found = loaded(noun).get(kind) or (load(noun, kind) or words(noun)).get(kind)
    if found is None:
        told = {"discriminator": "'kind'", "tag": kind, "expected_tags": ", ".join(map(repr, words(noun)))}
        raise PydanticKnownError("union_tag_invalid", told)
    return found.model_validate(table)


def load(noun: type[Word], kind: str) -> dict[str, type[Word]]:
    """Load the file that is named as a kind; the words of the noun if there is such a file, else none."""
    name = kind.replace("-", "_")
    place = f"{__package__}.{noun.home}.{name}"
    if not name.isidentifier() or find_spec(place) is None:
        return {}
    importlib.import_module(place)
    return loaded(noun)


@cache
def load_all() -> None:
    """Load all words, those of other packages included."""
    for noun in (*NOUNS, *PARTS):
        home = importlib.import_module(f"{__package__}.{noun.home}")
        for module in pkgutil.iter_modules(home.__path__):
            importlib.import_module(f"{home.__name__}.{module.name}")
    for entry in entry_points(group="spindsl.words"):
        entry.load()


def words(noun: type[Word]) -> dict[str, type[Word]]:
    """All words of a noun, by kind."""
    load_all()
    return loaded(noun)


def loaded(noun: type[Word]) -> dict[str, type[Word]]:
    """The words of a noun that are loaded, by kind."""
    found = {}
    for word in noun.__subclasses__():
        if "kind" in word.model_fields:
            found[word.of_kind()] = word
        found |= loaded(word)
    return dict(sorted(found.items()))


def choice(noun: type[Word]) -> Any:
    """The union of a noun's words, told apart by `kind`."""
    first, *others = words(noun).values()
    return Annotated[Union[(first, *others)], Field(discriminator="kind")] if others else first
