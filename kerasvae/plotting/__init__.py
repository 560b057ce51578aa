"""Figures. Every function takes arrays, returns a matplotlib Figure and shows nothing.

The one exception is `traversal_gif`, which writes an animation to a file.

A notebook shows the figure that ends a cell; a script calls its `savefig`. Nothing here goes
through pyplot, so no window opens and no list of open figures grows.
"""

from kerasvae.plotting.animation import traversal_gif
from kerasvae.plotting.images import reconstructions, traversals
from kerasvae.plotting.scores import factor_heatmap, score_against_terms
from kerasvae.plotting.style import COLOURS, MARKERS, STYLE, WIDTH, Figure, style
from kerasvae.plotting.terms import SURGERY_PARTS, surgery_bars, terms_over_training

__all__ = [
    "COLOURS",
    "MARKERS",
    "STYLE",
    "SURGERY_PARTS",
    "WIDTH",
    "Figure",
    "factor_heatmap",
    "reconstructions",
    "score_against_terms",
    "style",
    "surgery_bars",
    "terms_over_training",
    "traversal_gif",
    "traversals",
]
