"""Which words are enrolled: ours with the examples of the project, or with --examples those of other packages alone.

    pytest tests/words/test_conformance.py tests/laws/test_every_matter.py --examples FOLDER

FOLDER/noun/kind.toml is an example of a word; other files beside it are its data.
"""

from pathlib import Path

from spindsl.spec import NOUNS, PARTS, Word, words

OURS = Path(__file__).parent / "words/examples"
given: list[Path] = []  # the folder of --examples, if there is one


def folder() -> Path:
    """Where examples of the words enrolled lie."""
    return given[0] if given else OURS


def enrolled(noun: type[Word]) -> dict[str, type[Word]]:
    """The words of a noun that are held to the rules, by kind."""
    ours = {k: w for k, w in words(noun).items() if w.__module__.partition(".")[0] == "spindsl"}
    return {k: w for k, w in words(noun).items() if k not in ours} if given else ours


def every() -> list[tuple[str, str]]:
    """Noun and kind of all of them."""
    return [(noun.__name__.lower(), kind) for noun in (*NOUNS, *PARTS) for kind in enrolled(noun)]
