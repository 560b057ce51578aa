"""Views for notebooks, which need the extra `tutorials`: `LatentExplorer`.

Not imported by `kerasvae` itself, which works without Jupyter.
"""

try:
    import anywidget  # noqa: F401  (asked for here, so that the message is complete)
    import ipywidgets  # noqa: F401
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"kerasvae.widgets needs {missing.name}, which is not installed. "
        "Install the extra: pip install 'kerasvae[tutorials]'"
    ) from missing

from kerasvae.widgets.latent_explorer import LatentExplorer

__all__ = ["LatentExplorer"]
