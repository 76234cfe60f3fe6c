"""Where each key and value of a TOML text stands: tomllib says what, tree-sitter says where."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

Path = tuple[str | int, ...]


class Span(NamedTuple):
    """Line and column from 1, in characters; the width ends with the line."""

    line: int
    column: int
    width: int


class Place(NamedTuple):
    """Of one path: its key, and its value. A table's value is its header, or else its key."""

    key: Span
    value: Span


class Places(dict[Path, Place]):
    """Every path of a text in reading order, arrays of tables and their elements included.

    `repeats` are the paths given twice, with the second key. A text that does not parse gives the
    places that can still be told.
    """

    def __init__(self, text: str):
        import tree_sitter
        import tree_sitter_toml

        super().__init__()
        data = text.encode(errors="surrogatepass")
        self.repeats: list[tuple[Path, Span]] = []
        self._lines = data.split(b"\n")
        self._lengths: dict[Path, int] = {}  # of arrays of tables
        self._given: set[Path] = set()  # by a pair or a header, not implied by a longer path
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
        self._read(parser.parse(data).root_node, ())

    @property
    def first(self) -> Span:
        """The first key of the file."""
        return next(iter(self.values())).key if self else Span(1, 1, 1)

    def _read(self, node: Node, path: Path) -> None:
        for child in node.named_children:
            if child.type == "pair":
                self._pair(child, path)
            elif child.type in ("table", "table_array_element"):
                self._read(child, self._header(child))
            elif child.type == "ERROR":
                self._read(child, path)

    def _pair(self, pair: Node, path: Path) -> None:
        key, *value = (n for n in pair.named_children if n.type not in ("comment", "ERROR"))
        *outer, (last, span) = self._parts(key)
        for name, at in outer:
            path = (*path, name)
            self.setdefault(path, Place(at, at))
        if value:
            self._value(value[0], (*path, last), span)

    def _value(self, node: Node, path: Path, key: Span) -> None:
        if path in self:
            self.repeats.append((path, key))
            return
        self._given.add(path)
        self[path] = Place(key, self._span(node, node))
        if node.type == "inline_table":
            self._read(node, path)
        elif node.type == "array":
            for k, element in enumerate(n for n in node.named_children if n.type not in ("comment", "ERROR")):
                self._value(element, (*path, k), self._span(element, element))

    def _header(self, table: Node) -> Path:
        """Note a [table] or [[table]]; the path that its pairs go under."""
        key = next((n for n in table.named_children if n.type.endswith("_key")), None)
        close = next((n for n in table.children if n.type in ("]", "]]")), None)
        if key is None or close is None:
            return ("",)
        *outer, (last, span) = self._parts(key)
        path: Path = ()
        for name, at in outer:
            path = (*path, name)
            self.setdefault(path, Place(at, at))
            path = self._latest(path)
        path, header = (*path, last), Place(span, self._span(table, close))
        several = table.type == "table_array_element"
        if path in self._given or (path in self._lengths and not several):
            self.repeats.append((path, span))
            return path
        if not several:
            self._given.add(path)
            self[path] = header
            return path
        self._lengths[path] = self._lengths.get(path, 0) + 1
        self.setdefault(path, header)
        self[self._latest(path)] = header
        return self._latest(path)

    def _latest(self, path: Path) -> Path:
        """The last element so far, where the path is an array of tables."""
        return (*path, self._lengths[path] - 1) if path in self._lengths else path

    def _parts(self, key: Node) -> list[tuple[str, Span]]:
        if key.type == "dotted_key":
            return [part for child in key.named_children for part in self._parts(child)]
        token = (key.text or b"").decode(errors="surrogatepass")
        return [(unquoted(token) if key.type == "quoted_key" else token, self._span(key, key))]

    def _span(self, first: Node, last: Node) -> Span:
        """From the start of one node to the end of another, or of its line."""
        row, start = first.start_point
        line = self._lines[row]
        end = last.end_point[1] if last.end_point[0] == row else len(line.rstrip())
        before, within = (part.decode(errors="replace") for part in (line[:start], line[start:end]))
        return Span(row + 1, len(before) + 1, max(len(within), 1))


def unquoted(token: str) -> str:
    """The key that a quoted key stands for."""
    try:
        return next(iter(tomllib.loads(f"{token} = 0")))
    except tomllib.TOMLDecodeError:
        return token
