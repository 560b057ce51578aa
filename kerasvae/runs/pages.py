"""Pages from templates. Those in HTML are one file, without script, with every figure inside."""

import base64
import io
from pathlib import Path

import jinja2

from kerasvae.files import write_text


def embedded(figure, caption: str, alt: str | None = None) -> dict[str, str]:
    """A figure as a template takes it.

    Args:
        figure: a matplotlib Figure.
        caption: the sentence below it.
        alt: what it shows, for those who cannot see it; the caption by default.

    Returns:
        {"png": base64, "caption", "alt"}
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    png = base64.b64encode(buffer.getvalue()).decode()
    return {"png": png, "caption": caption, "alt": alt or caption}


def embedded_file(path: Path, caption: str) -> dict[str, str]:
    """A PNG file that another command left in a run's folder, as a template takes it."""
    return {"png": base64.b64encode(path.read_bytes()).decode(), "caption": caption, "alt": caption}


def write_page(path: Path, template: str, **content) -> Path:
    """Fill a template of `kerasvae/runs/templates` and write it atomically.

    Args:
        path: of the file.
        template: its file name.
        **content: what it asks for; in HTML, text is escaped.

    Returns:
        The path.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("kerasvae.runs"),
        autoescape=template.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    html = environment.get_template(template).render(content)
    write_text(path, html)
    return path
