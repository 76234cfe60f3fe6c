"""A result as one page to read: `write(tree, folder)` gives report.html and figures/*.svg.

reading          the tree -> curves; nothing is drawn, nothing is said
verdict, tables  curves -> sentences, and tables
plates, traces   which figures there are to show, with their captions
meanings         what latent space means: figures, captions and tables
scores, figures  how each is drawn
canvas           how all of them look, in light and dark, as SVG
markup, style    text -> HTML, and the page's CSS
page             the order of things
"""

from .page import write

__all__ = ["write"]
