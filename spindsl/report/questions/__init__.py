"""Analyses that ask more than which drive it was: what they found as figures, a table and sentences.

asked       the analyses of a result by kind; a module of this folder is found by the name of the kind
series      numbers with their intervals along one dimension, over realizations where there are several
drawing     lines with shading, named at the right

Each module has TITLE and `told(asked)`, `plates(asked)`, `rows(asked)`: sentences, figures, a table.
"""

from .asked import Asked, asked

__all__ = ["Asked", "asked"]
