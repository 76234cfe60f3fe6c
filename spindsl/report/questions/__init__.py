"""Analyses that ask more than which drive it was: what they found as figures, a table and sentences.

asked       what a result holds of each kind, and the Part of the page that a word brings
series      numbers with their intervals along one dimension, over realizations where there are several
drawing     lines with shading, named at the right

A word names its Part in `page`: `told(asked)`, `plates(asked)`, `rows(asked)` give sentences, figures, a table. A word
of another package has its Part where it likes, in its own file too.
"""

from .asked import Asked, Part, asked

__all__ = ["Asked", "Part", "asked"]
