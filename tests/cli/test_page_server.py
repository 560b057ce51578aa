"""The server of `kerasvae explore`: who gets in, and which processes it keeps."""

import asyncio
import json
import re
import signal
import socket
import threading
import time
import urllib.error
import urllib.request

import pytest

pytestmark = pytest.mark.numpy_only  # the page of these tests has no model

pytest.importorskip("voila")
from tornado import web  # noqa: E402
from tornado.httpclient import HTTPClientError, HTTPRequest  # noqa: E402
from tornado.websocket import websocket_connect  # noqa: E402

from kerasvae.cli import explore, page_server  # noqa: E402
from kerasvae.runs import Run  # noqa: E402

PATIENCE = 60  # seconds that a busy machine may take for what takes one
PING = 100  # milliseconds between two pings here


class Running:
    """A server of a page without a model, in a thread of this process."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "run").mkdir()
        self.server = page_server.PageServer(
            explore._write_page(folder, Run(folder / "run", {})), port
        )
        self.address = f"127.0.0.1:{port}"
        self.thread = threading.Thread(target=self.server.start, daemon=True)
        self.thread.start()
        wait_until(lambda: self.status("/voila/static/voila.js") == 200)

    def get(self, path, **headers):
        """The answer to a request, {"status", "body", "cookies"}."""
        request = urllib.request.Request(f"http://{self.address}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                cookies = answer.headers.get_all("Set-Cookie") or []
                return {"status": 200, "body": answer.read().decode(), "cookies": cookies}
        except urllib.error.HTTPError as error:
            return {"status": error.code, "body": error.read().decode(), "cookies": []}
        except OSError:
            return {"status": 0}

    def status(self, path, **headers):
        return self.get(path, **headers)["status"]

    def kernels(self):
        return self.server.kernel_manager.list_kernel_ids()

    def open_page(self):
        """What a browser gets for the address with the token: a kernel's id, and a cookie."""
        answer = self.get(f"/?token={self.server.token}")
        assert answer["status"] == 200
        (kernel,) = re.findall(r'"kernelId": "([\w-]+)"', answer["body"])
        cookie = next(cookie for cookie in answer["cookies"] if cookie.startswith("username-"))
        return kernel, cookie

    def stop(self):
        self.server.ioloop.add_callback(self.server.ioloop.stop)
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


def wait_until(true, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The server, with short times for pings and for the end of forgotten processes."""
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explore, "_CELL", "{address!r}")
        patch.setattr(page_server, "PING_INTERVAL", PING)
        patch.setattr(page_server, "PING_TIMEOUT", 10 * PING)
        patch.setattr(page_server, "FORGOTTEN", 3)
        running = Running(tmp_path_factory.mktemp("page"))
    signal.signal(signal.SIGTERM, handler)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def page(running):
    """The kernel and the cookie of an open page."""
    return running.open_page()


def channel(running, kernel, **headers):
    address = f"ws://{running.address}/api/kernels/{kernel}/channels?session_id=test"
    return websocket_connect(HTTPRequest(address, headers=headers))


def test_without_the_token_there_is_no_page_and_no_kernel(running, monkeypatch):
    before, complaints = running.kernels(), []
    for log in (running.server.log, web.app_log):
        monkeypatch.setattr(log, "error", lambda *said, **more: complaints.append(said))
    wrong = "0" * len(running.server.token)
    for path in ("/", "/?token=", f"/?token={wrong}", "/login", "/logout", "/voila/render/x"):
        answer = running.get(path)
        assert answer["status"] == 403, path
        assert running.server.token not in answer["body"]
    assert running.status("/", Authorization=f"token {wrong}") == 403
    # Under a foreign name even the token opens nothing.
    assert running.status(f"/?token={running.server.token}", Host="example.com") == 403
    assert running.kernels() == before and not complaints  # no traceback in the terminal


def test_without_the_token_a_kernel_cannot_be_used(running, page):
    kernel, _ = page
    # A cookie that somebody signed without knowing this server's secret.
    name = "username-" + running.address.replace(".", "-").replace(":", "-")
    forged = {"Cookie": f'{name}="2|1:0|10:1700000000|5:guess|8:eyJ9|{"0" * 64}"'}
    for headers in ({}, forged):
        assert running.status(f"/api/kernels/{kernel}", **headers) == 403
        with pytest.raises(HTTPClientError, match="403"):
            asyncio.run(_connect(running, kernel, **headers))
    request = urllib.request.Request(
        f"http://{running.address}/voila/api/shutdown/{kernel}", data=b"", method="POST"
    )
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=PATIENCE)
    assert kernel in running.kernels()


async def _connect(running, kernel, **headers):
    (await channel(running, kernel, **headers)).close()


def test_the_cookie_of_the_page_opens_what_the_page_needs(running, page):
    kernel, cookie = page
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    answer = running.get(f"/api/kernels/{kernel}", Cookie=cookie.split(";")[0])
    assert json.loads(answer["body"])["id"] == kernel


def test_an_idle_page_stays_connected_and_a_silent_one_is_dropped(running, page):
    kernel, cookie = page
    headers = {"Cookie": cookie.split(";")[0]}

    async def idle():
        """For three times the timeout, and longer than a forgotten kernel may live."""
        connection = await channel(running, kernel, **headers)
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            try:
                message = await asyncio.wait_for(connection.read_message(), 0.5)
            except TimeoutError:
                continue
            assert message is not None, "the server closed the connection"
        connection.close()

    asyncio.run(idle())
    assert kernel in running.kernels()
    host, port = running.address.split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as line:
        line.sendall(
            f"GET /api/kernels/{kernel}/channels?session_id=silent HTTP/1.1\r\n"
            f"Host: {running.address}\r\nCookie: {headers['Cookie']}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        received = b""
        while chunk := line.recv(65536):  # b"" once the server hangs up
            received += chunk
    assert received.startswith(b"HTTP/1.1 101")
    assert received.count(b"\x89\x00") >= 2, "it is pinged more than once before it is given up"


def test_a_kernel_without_a_page_is_ended(running, page):
    wait_until(lambda: not running.kernels())


def test_the_settings_in_use(tmp_path):
    handler = signal.getsignal(signal.SIGTERM)
    try:
        servers = [
            page_server.PageServer(explore._write_page(tmp_path, Run(tmp_path, {})), 0)
            for _ in "ab"
        ]
    finally:
        signal.signal(signal.SIGTERM, handler)
    assert servers[0].token != servers[1].token and len(servers[0].token) >= 32
    assert servers[0].url.endswith(f"/?token={servers[0].token}")
    settings = servers[0].init_settings() | servers[0].tornado_settings
    # Milliseconds: a pong must be late by more than an interval, or the first check already drops.
    assert settings["ws_ping_interval"] >= 10_000
    assert settings["ws_ping_timeout"] >= 2 * settings["ws_ping_interval"]
    assert len(settings["cookie_secret"]) >= 32
    manager = settings["kernel_manager"]
    assert 0 < manager.cull_interval <= manager.cull_idle_timeout <= 300
    assert not manager.cull_connected, "a page that is looked at keeps its kernel"
