"""Downloads from a server of the test's own: good, tampered, cut short, refused."""

import hashlib
import http.server
import threading

import pytest

from kerasvae.data.digests import Digest
from kerasvae.data.download import PublicFile, fetch, locate

pytestmark = pytest.mark.numpy_only

CONTENT = bytes(range(256)) * 1000


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/missing":
            self.send_error(404)
            return
        body = CONTENT[:-1] + b"x" if self.path == "/tampered" else CONTENT
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path == "/cut" else body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def public(server, path: str) -> PublicFile:
    url = f"http://127.0.0.1:{server.server_address[1]}{path}"
    return PublicFile("data.bin", url, Digest("md5", hashlib.md5(CONTENT).hexdigest()))


def left_behind(cache):
    return [path for path in cache.rglob("*") if path.is_file()]


def test_a_download_is_kept(server, cache, capsys):
    file = public(server, "/good")
    assert fetch(file).read_bytes() == CONTENT
    assert fetch(file) == file.cached == cache / "downloads" / "data.bin"
    assert server.asked == ["/good"]
    assert left_behind(cache) == [file.cached]
    assert "100%" in capsys.readouterr().err  # the progress bar


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("/tampered", ValueError, "not the published file"),
        ("/cut", FileNotFoundError, "could not be downloaded"),
        ("/missing", FileNotFoundError, "404.*pass path="),
    ],
)
def test_a_failed_download_leaves_nothing(server, cache, path, error, message):
    with pytest.raises(error, match=message):
        fetch(public(server, path))
    assert left_behind(cache) == []


def test_no_server_leaves_nothing(server, cache):
    file = public(server, "/good")
    server.server_close()
    server.shutdown()
    with pytest.raises(FileNotFoundError, match="could not be downloaded"):
        fetch(file)
    assert left_behind(cache) == []


def test_nothing_is_downloaded_without_leave(server):
    file = public(server, "/good")
    with pytest.raises(FileNotFoundError, match="download=True.*path="):
        locate(file)
    assert server.asked == []
    fetch(file)
    assert locate(file) == file.cached


def test_the_users_own_file(server, tmp_path):
    file = public(server, "/good")
    own = tmp_path / "own.bin"
    with pytest.raises(FileNotFoundError, match="a file like data.bin.*own.bin"):
        locate(file, own)
    own.write_bytes(CONTENT)
    assert locate(file, own) == own
    assert locate(file, str(own), download=True) == own
    own.write_bytes(CONTENT[:-1])
    with pytest.raises(ValueError, match="truncated.*verify=False"):
        locate(file, own)
    assert locate(file, own, verify=False) == own
    assert server.asked == []
