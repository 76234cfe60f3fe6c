"""What decides a number: the code that a function reaches, hashed definition by definition.

scopes, syntax    a syntax tree -> text without what people alone read
modules           a file -> definitions, each with what it refers to and registers on
packages, index   files of packages, and what a name stands for across them
closure           a function -> all that it reaches, and the hash of that
lint              names that are computed, which no walk can follow
"""

from __future__ import annotations

from .reach import Closure, closure

__all__ = ["Closure", "closure"]
