"""Every data test has a cache folder of its own, so none reads or fills the user's."""

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("KERASVAE_CACHE", str(folder))
    return folder
