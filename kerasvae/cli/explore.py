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
    from jupyter_client.kernelspec import KernelSpecManager
    from tornado.ioloop import IOLoop
    from tornado.web import HTTPError
    from traitlets.config import Config
    from voila.app import Voila
    from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

    import kerasvae.widgets  # noqa: F401  (what the page shows; imported by its kernel)
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"kerasvae explore needs {missing.name}, which is not installed. "
        "Install the extra: pip install 'kerasvae[tutorials]'"
    ) from missing

ADDRESS = "127.0.0.1"  # nobody but this machine
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
# What the page needs; other extensions of JupyterLab that are installed may not suit Voilà.
_EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
]
_FORGOTTEN = 60  # seconds after which the process of a page that vanished is ended


def explore(run_folder: Path, port: int = PORT, open_browser: bool = True) -> None:
    """Serve the latent explorer of a run until Ctrl-C.

    Every page that is opened has its own process with the model; closing the page ends it.

    Args:
        run_folder: folder of a run with a checkpoint, or a name of the zoo.
        port: where to serve on 127.0.0.1; 0 for any free one.
        open_browser: whether to open the page in the default browser.

    Raises:
        FileNotFoundError: no run, or no checkpoint yet.
        ValueError: a damaged run, or a port that is out of range or in use.
    """
    port = _free_port(port)
    run = open_run(run_folder)
    # Loaded here only to be refused here: the page could but show a traceback.
    kerasvae.widgets.LatentExplorer(run.load_model(), run.dataset())
    url = f"http://{ADDRESS}:{port}"

    def started():
        """Say where the page is, once the server listens."""
        print(f"{run.folder}: explore it at {url}\nCtrl-C stops.", flush=True)
        if open_browser:
            webbrowser.open(url)

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # for the kernels
    with tempfile.TemporaryDirectory(prefix="kerasvae-") as folder:
        server = _server(_write_page(Path(folder), run), port)
        IOLoop.current().add_callback(started)  # it runs once the server listens
        server.start()


def _free_port(port: int) -> int:
    """The port itself, or any free one for 0; refused if it cannot be had."""
    if check_count("--port", port) > 65535:
        raise ValueError(f"--port: expected 0..65535. Received: --port {port}")
    with socket.socket() as probe:
        # As the server will: a port that was left a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error})"
            raise ValueError(
                f"Port {port} of {ADDRESS} {why}. Choose another, or any: --port 0"
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


class _ThisPython(KernelSpecManager):
    """Knows one kernel: ipykernel in this interpreter, without its advice at every start."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.kernel_dirs = []  # without folders to search, only its own is left

    def get_kernel_spec(self, kernel_name):
        """Give its own kernel, told to be quiet."""
        spec = super().get_kernel_spec(kernel_name)
        spec.argv = [*spec.argv, "--log-level=ERROR"]
        return spec


class _Farewell(VoilaShutdownKernelHandler):
    """Ends the process of a page that says it is closing.

    The page sends no XSRF token with that, so Jupyter's server would refuse it. That it comes
    from this server's own page is enough: nobody else knows the name of the process either.
    """

    def check_xsrf_cookie(self):
        """Check the origin in place of a token that the page does not send."""
        if not self.check_origin():
            raise HTTPError(403)


class _Server(Voila):
    """Voilà, with processes that end with their pages."""

    def init_handlers(self):
        """Put the handler above before Voilà's own."""
        return [(r"/voila/api/shutdown/(.*)", _Farewell), *super().init_handlers()]


def _server(notebook: Path, port: int) -> _Server:
    config = Config()
    config.VoilaConfiguration.kernel_spec_manager_class = _ThisPython
    config.MappingKernelManager.cull_idle_timeout = _FORGOTTEN
    config.MappingKernelManager.cull_interval = _FORGOTTEN // 4
    config.VoilaConfiguration.extension_allowlist = _EXTENSIONS
    config.VoilaConfiguration.show_tracebacks = True
    server = _Server(
        config=config,
        notebook_path=str(notebook),
        config_file_paths=[],
        ip=ADDRESS,
        port=port,
        port_retries=0,
        open_browser=False,
        log_level="ERROR",
        tornado_settings={
            # Pages of other sites that point their name at this machine are turned away.
            "allow_remote_access": False,
            "local_hostnames": [ADDRESS, "localhost"],
            "ws_ping_timeout": 30_000,  # the interval; by default longer, which Tornado warns of
        },
    )
    server.initialize([])
    server.template_paths = [str(notebook.parent), *server.template_paths]
    return server
