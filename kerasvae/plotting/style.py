"""The look of all figures: colours that everybody can tell apart, and print in grey."""

import io
from contextlib import AbstractContextManager

import matplotlib.figure
from cycler import cycler

# Okabe & Ito's colours, which colour-blind readers tell apart, without their yellow, which is
# lost on white paper. Each line has a marker too, for print in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

# For `matplotlib.pyplot.style.use` in a notebook; the functions below use it by themselves.
STYLE = {
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(marker=MARKERS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 10,
    "figure.constrained_layout.use": True,
    "figure.dpi": 80,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.color": "0.9",
    "image.cmap": "gray",
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    "savefig.dpi": 150,
}

WIDTH = 7.0  # inches, of a page's text


class Figure(matplotlib.figure.Figure):
    """A matplotlib Figure that a notebook can show even if pyplot was never imported."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=self.dpi)
        return buffer.getvalue()


def style() -> AbstractContextManager:
    """The look of all figures here, for figures of your own.

    Returns:
        A context manager, or decorator, that sets matplotlib's parameters and restores them.

    Example:
        >>> with style():
        ...     matplotlib.rcParams["image.cmap"]
        'gray'
    """
    return matplotlib.rc_context(STYLE)
