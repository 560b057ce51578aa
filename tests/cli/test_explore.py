"""What `kerasvae explore` refuses; the browser's test sees the page itself."""

import asyncio
import os
import socket
import stat
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlparse

import pytest

from kerasvae import data
from kerasvae.runs import Run, new_config

pytestmark = pytest.mark.numpy_only  # refused before a model is built

pytest.importorskip("voila")
explore = pytest.importorskip("kerasvae.cli.explore")


@pytest.fixture(autouse=True)
def no_server(monkeypatch):
    """A server that starts all the same fails the test instead of waiting for Ctrl-C."""
    monkeypatch.setattr(explore, "PageServer", lambda *arguments: pytest.fail("served"))


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
    given = {"data": "digits", "latent_dim": 2, "steps": 10}
    Run.create(tmp_path / "run", new_config("vae", given, data.load("digits")))
    with pytest.raises(FileNotFoundError, match="stopped before its first checkpoint"):
        explore.explore(tmp_path / "run", 0, False)


class FakeServer:
    """Listens for a moment, in which what waits for that happens."""

    url = "http://127.0.0.1:1/?token=secret"

    def __init__(self, notebook, port):
        self.folder = notebook.parent

    def start(self):
        asyncio.get_event_loop().run_until_complete(asyncio.sleep(0.1))


def test_the_token_is_printed_but_on_no_command_line(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "run"
    run = SimpleNamespace(folder=folder, address="run", load_model=dict, dataset=dict)
    monkeypatch.setattr(explore, "open_run", lambda folder: run)
    monkeypatch.setattr(explore.kerasvae.widgets, "LatentExplorer", lambda model, dataset: None)
    monkeypatch.setattr(explore, "PageServer", FakeServer)
    opened = []

    def open_browser(address):
        """What a browser's command line says, and what the file says that it opens."""
        door = Path(unquote(urlparse(address).path))
        opened.append((address, door.read_text(), stat.S_IMODE(door.parent.stat().st_mode)))

    monkeypatch.setattr(explore.webbrowser, "open", open_browser)
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    try:
        explore.explore(run.folder, 0, True)
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    ((address, door, mode),) = opened
    assert address.startswith("file:") and "secret" not in address
    assert f"url={FakeServer.url}" in door
    assert os.name != "posix" or mode == 0o700
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{run.folder}: explore it at {FakeServer.url}", "Press Ctrl-C to stop."]
