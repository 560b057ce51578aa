"""The latent explorer of a run as a local web page, served by Voilà from the widget itself."""

import errno
import os
import socket
import tempfile
import webbrowser
from pathlib import Path

from kerasvae.checks import check_count
from kerasvae.runs import Run
from kerasvae.zoo import open_run

try:
    import nbformat
    from tornado.ioloop import IOLoop

    import kerasvae.widgets  # noqa: F401  (what the page shows; imported by its kernel)
    from kerasvae.cli.page_server import ADDRESS, PageServer
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"kerasvae explore needs {missing.name}, which is not installed. "
        "Install the extra: pip install 'kerasvae[tutorials]'"
    ) from missing

PORT = 8866

_CELL = """\
from kerasvae.widgets import LatentExplorer
from kerasvae.zoo import open_run
run = open_run({address!r})
LatentExplorer(run.load_model(), run.dataset())
"""
# Voilà's own page, without the icon fonts that it would fetch from the internet, and without what
# TensorFlow says about the machine at its start; errors are shown all the same.
_TEMPLATE = """\
{%- extends 'voila/templates/lab/index.html.j2' -%}
{%- block notebook_css -%}
{{ super() | replace('<link rel="stylesheet" href="https:', '<link rel="unused" href="https:') }}
{%- endblock -%}
{%- block stream_stderr -%}{%- endblock -%}
"""


def explore(run_folder: Path, port: int = PORT, open_browser: bool = True) -> None:
    """Serve the latent explorer of a run until Ctrl-C.

    Every page that is opened has its own process with the model; closing the page ends the process.
    The address contains a random token; without it, nobody else on this machine can open the page.

    Args:
        run_folder: folder of a run with a checkpoint, or a name from the zoo.
        port: where to serve on 127.0.0.1; 0 for any free one.
        open_browser: whether to open the page in the default browser.

    Raises:
        FileNotFoundError: no run, or no checkpoint yet.
        ValueError: a damaged run, or a port that is out of range or in use.
    """
    port = _free_port(port)
    run = open_run(run_folder)
    # Loaded here only so that errors show here: the page could only show a traceback.
    kerasvae.widgets.LatentExplorer(run.load_model(), run.dataset())
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # for the kernels
    with tempfile.TemporaryDirectory(prefix="kerasvae-") as folder:
        server = PageServer(_write_page(Path(folder), run), port)

        def started():
            """Print where the page is, once the server listens."""
            print(f"{run.folder}: explore it at {server.url}\nPress Ctrl-C to stop.", flush=True)
            if open_browser:
                webbrowser.open(_write_door(Path(folder), server.url).as_uri())

        IOLoop.current().add_callback(started)  # it runs once the server listens
        server.start()


def _free_port(port: int) -> int:
    """The port itself, or any free one for 0; refused if it is not available."""
    if check_count("--port", port) > 65535:
        raise ValueError(f"--port: expected 0..65535. Received: --port {port}")
    with socket.socket() as probe:
        # As the server will: a port that was left a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"is not available ({error})"
            raise ValueError(
                f"Port {port} of {ADDRESS} {why}. Choose another, or let --port 0 choose a free one"
            ) from error
        return probe.getsockname()[1]


def _write_page(folder: Path, run: Run) -> Path:
    """Write the notebook of one cell, and the template; return the notebook's path."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(_CELL.format(address=run.address))]
    notebook.metadata["title"] = f"kerasvae: {run.folder.name}"
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    (folder / "index.html.j2").write_text(_TEMPLATE, encoding="utf-8")
    path = folder / "explorer.ipynb"
    nbformat.write(notebook, path)
    return path


def _write_door(folder: Path, url: str) -> Path:
    """Write a file that leads a browser to the address.

    A browser's command line, which every user of the machine can read, would give the token away;
    the folder is for its owner alone.
    """
    path = folder / "open.html"
    leads = f'<meta http-equiv="refresh" content="0; url={url}"><a href="{url}">explore</a>'
    path.write_text(f"<!doctype html>{leads}", encoding="utf-8")
    return path
