"""What `kerasvae explore` refuses; the browser's test sees the page itself."""

import json
import socket

import pytest

pytestmark = pytest.mark.numpy_only  # refused before a model is built

pytest.importorskip("voila")
explore = pytest.importorskip("kerasvae.cli.explore")


@pytest.fixture(autouse=True)
def no_server(monkeypatch):
    """A server that starts all the same fails the test instead of waiting for Ctrl-C."""
    monkeypatch.setattr(explore, "_server", lambda *arguments: pytest.fail("served"))


def test_a_port_that_cannot_be_had_is_refused(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=rf"Port {port} .* in use.*--port 0"):
            explore.explore(tmp_path, port, False)
    for wrong in (-1, 65536):
        with pytest.raises(ValueError, match=rf"--port.*Received: --port.{wrong}"):
            explore.explore(tmp_path, wrong, False)


def test_a_folder_without_a_trained_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected the folder of a run"):
        explore.explore(tmp_path, 0, False)
    config = {
        "model": "vae",
        "arguments": {"image_shape": [8, 8, 1]},
        "data": {"source": "digits", "options": {}, "images": 1797, "image_shape": [8, 8, 1]},
        "training": {"steps": 10},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(FileNotFoundError, match="stopped before its first checkpoint"):
        explore.explore(tmp_path, 0, False)
