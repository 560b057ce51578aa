"""Finds the MathJax that draws the formulas of the book and of the site."""

import importlib.util
from pathlib import Path


def mathjax_file() -> Path:
    """The one file of the installed MathJax that typesets TeX as SVG, fonts included.

    Returns:
        Its path.

    Raises:
        ModuleNotFoundError: when MathJax is not installed.
    """
    spec = importlib.util.find_spec("mathjax")
    origin = Path(spec.origin if spec and spec.origin else "absent")
    path = origin.parent / "static" / "mathjax" / "es5" / "tex-svg-full.js"
    if not path.is_file():  # also where another package of that name is installed
        raise ModuleNotFoundError(
            "The pages need MathJax, which is not installed. Install it with the extra of the "
            "chapters or of the site: pip install 'kerasvae[tutorials]' or 'kerasvae[docs]'"
        )
    return path
