"""A result as one page to read: `write(tree, folder)` gives report.html and figures/*.svg.

reading          the tree -> curves; nothing is drawn, nothing is said
verdict, tables  curves -> sentences, and tables
plates, traces   which figures there are to show, with their captions
meanings         what latent space means: figures, captions and tables
scores, figures  how each is drawn
groups, kinds    the groups of a result; what is known of their kinds, from the file or from installed words
questions        the parts of the page that words bring
canvas           how all of them look, in light and dark, as SVG
markup, style    text -> HTML, and the page's CSS
page             the order of things

Of a sweep beside that:

slices               a result with parameters in front -> its points, each a result without
landscape, observed  points -> numbers against the parameters
told, pointwise      those -> sentences, and a table
sweeps, maps         which figures of them there are, and how they are drawn
repeated, jumps      several realizations of one point against the switch; what phases of a protocol change
overall              what the page says of all points
contents             a result as lines of text, for `spindsl show`
"""

from .page import write

__all__ = ["write"]
