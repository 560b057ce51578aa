"""The server of `kerasvae explore`: Voilà for one page, for whoever knows its token."""

import secrets
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.auth.identity import IdentityProvider
from tornado.web import HTTPError
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import AllowListFileHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

ADDRESS = "127.0.0.1"  # nobody but this machine
FORGOTTEN = 60  # seconds after which the process of a page that vanished is ended
PING_INTERVAL = 30_000  # milliseconds, as Jupyter's server counts, between two pings of a page
PING_TIMEOUT = 90_000  # of silence, then the page counts as gone; it must see several pings

# What the page needs; other extensions of JupyterLab that are installed may not suit Voilà.
_EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
]


class PageServer(Voila):
    """Voilà with a token, and with processes that end with their pages.

    Args:
        notebook: the page, in a folder that may hold a template `index.html.j2`.
        port: a free one.

    Attributes:
        token: without it, or the cookie that a browser gets for it, every answer is 403.
        url: the page's address with the token.
    """

    def __init__(self, notebook: Path, port: int):
        super().__init__(
            config=_config(),
            notebook_path=str(notebook),
            config_file_paths=[],
            ip=ADDRESS,
            port=port,
            port_retries=0,
            open_browser=False,
            log_level="ERROR",
            token=secrets.token_urlsafe(24),
            identity_provider_class=_Guard,
            tornado_settings={
                # Pages of other sites that point their name at this machine are turned away.
                "allow_remote_access": False,
                "local_hostnames": [ADDRESS, "localhost"],
                "ws_ping_interval": PING_INTERVAL,
                "ws_ping_timeout": PING_TIMEOUT,
            },
        )
        self.initialize([])
        self.template_paths = [str(notebook.parent), *self.template_paths]

    @property
    def url(self) -> str:
        """The page's address with the token."""
        return f"http://{ADDRESS}:{self.port}/?token={self.token}"

    def init_handlers(self):
        """Put the handlers below in the place of Voilà's own, and serve no files of the folder."""
        ours = {
            VoilaShutdownKernelHandler: _Farewell,
            VoilaKernelWebsocketHandler: _Channel,
        }
        return [
            (pattern, ours.get(handler, handler), *rest)
            for pattern, handler, *rest in super().init_handlers()
            if handler is not AllowListFileHandler
        ]


def _config() -> Config:
    config = Config()
    config.VoilaConfiguration.kernel_spec_manager_class = _ThisPython
    config.VoilaConfiguration.extension_allowlist = _EXTENSIONS
    config.VoilaConfiguration.show_tracebacks = True
    config.MappingKernelManager.cull_idle_timeout = FORGOTTEN
    config.MappingKernelManager.cull_interval = max(1, FORGOTTEN // 4)
    # A page of another site cannot use the cookie.
    config.IdentityProvider.cookie_options = {"samesite": "Strict"}
    return config


class _Guard(IdentityProvider):
    """Lets in who brings the token, or the signed cookie that this server gave for it."""

    async def get_user(self, handler):
        """Refuse everyone else at once, where Jupyter would show a page to log in."""
        user = await self._get_user(handler)
        if user is None:
            handler.current_user = None  # the page of the error asks
            raise HTTPError(403)
        return user

    def get_handlers(self):
        """There is no page to log in or out."""
        return []


class _Channel(VoilaKernelWebsocketHandler):
    """The WebSocket of a page, kept open by Jupyter's pings alone.

    Jupyter's handler reads the two settings in milliseconds, and gives the same numbers to
    Tornado, which takes them for seconds and warns that the timeout exceeds the interval.
    """

    def get_websocket_protocol(self):
        """Turn off Tornado's own pings."""
        protocol = super().get_websocket_protocol()
        if protocol is not None:
            protocol.params.ping_interval = 0
        return protocol


class _Farewell(VoilaShutdownKernelHandler):
    """Ends the process of a page that says it is closing.

    The page sends no XSRF token with that, so Jupyter's server would refuse it. The cookie, and
    that it comes from this server's own page, are enough.
    """

    def check_xsrf_cookie(self):
        """Check the origin in place of a token that the page does not send."""
        if not self.check_origin():
            raise HTTPError(403)


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
