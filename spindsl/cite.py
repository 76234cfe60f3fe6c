"""The papers behind the methods that an experiment uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__

if TYPE_CHECKING:
    from .experiment import Experiment

ITSELF = "spindsl"
BIBLIOGRAPHY = Path(__file__).parent / "bibliography"


def reference(key: str) -> str:
    """One BibTeX entry, of our bibliography or as the word has it; KeyError for an unknown key."""
    if key.startswith("@"):
        return key.strip()
    path = BIBLIOGRAPHY / f"{key}.bib"
    if not path.exists():
        raise KeyError(f"no reference {key!r}: {path} is absent")
    return path.read_text(encoding="utf-8").strip().replace("VERSION", __version__)


def entries(experiment: Experiment) -> list[str]:
    """BibTeX of spindsl and of every method used, in the order of the file; KeyError for an unknown key."""
    used = [key for word in experiment.words().values() for key in word.cited()]
    return [reference(key) for key in dict.fromkeys((ITSELF, *used))]


def bibliography(experiment: Experiment) -> str:
    """A .bib file of the methods that an experiment uses."""
    return "\n\n".join(entries(experiment)) + "\n"


def cited(resolved: Mapping[str, object]) -> list[str]:
    """The same from an experiment as JSON values; spindsl alone where its words are not known here."""
    from pydantic import ValidationError

    from .experiment import Experiment

    try:
        return entries(Experiment.model_validate_json(json.dumps(resolved)))
    except ValidationError:
        return [reference(ITSELF)]
