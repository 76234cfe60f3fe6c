"""HTML from nested calls: text is escaped, what a call returned is not."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

EMPTY = frozenset({"br", "hr", "meta"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(content: object) -> Html:
    """Anything as HTML."""
    return content if isinstance(content, Html) else Html(escape(str(content)))


def tag(name: str, /, *content: object, **attrs: object) -> Html:
    """An element; `class_` is the attribute class, an attribute that is None is left out."""
    given = "".join(f' {k.rstrip("_").replace("_", "-")}="{escape(str(v))}"' for k, v in attrs.items() if v is not None)
    if name in EMPTY:
        return Html(f"<{name}{given}>")
    return Html(f"<{name}{given}>{joined(content)}</{name}>")


def joined(parts: Iterable[object], between: str = "") -> Html:
    """Parts one after another."""
    return Html(escape(between).join(text(p) for p in parts))


def table(head: Iterable[object], rows: Iterable[Iterable[object]], caption: object = "", **attrs: object) -> Html:
    """A table that may be scrolled sideways; the first cell of a row is its heading."""
    columns = tag("tr", *(tag("th", h, scope="col") for h in head))
    body = [tag("tr", tag("th", first, scope="row"), *(tag("td", c) for c in rest)) for first, *rest in rows]
    note = tag("p", caption, class_="caption") if caption else ""
    whole = tag("table", tag("thead", columns) if "<th" in columns else "", tag("tbody", *body), **attrs)
    return joined([tag("div", whole, class_="scroll"), note])


def section(title: str, *content: object) -> Html:
    """A heading with what belongs to it, nothing where that is nothing."""
    kept = [c for c in content if c]
    return tag("section", tag("h2", title), *kept) if kept else Html("")
