"""A result as one page to read: `write(tree, folder)` gives report.html and figures/*.svg.

    reading   the tree -> curves and windows, nothing drawn
    verdict   curves -> sentences
    canvas    how figures look, in light and dark, as SVG
    figures   one function a figure
    markup    text -> HTML
    style     the page's CSS
    page      the order of things
"""

from .page import write

__all__ = ["write"]
