"""Files that appear whole or not at all, and the digests that tell contents apart."""

import hashlib
import os
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasvae.data.cache import cache_folder, converted, open_array, write_array
from kerasvae.data.digests import Digest, check_digest, digest_of
from kerasvae.files import atomic_write

pytestmark = pytest.mark.numpy_only


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_environment_chooses_the_folder(cache, monkeypatch):
    assert cache_folder() == cache
    monkeypatch.delenv("KERASVAE_CACHE")
    assert cache_folder().name == "kerasvae"


def test_a_file_appears_when_it_is_written(tmp_path):
    target = tmp_path / "new" / "a.bin"
    with atomic_write(target) as temporary:
        temporary.write_bytes(b"whole")
        assert not target.exists()
        assert temporary.parent == target.parent  # the same disk, so that it can be renamed
    assert target.read_bytes() == b"whole"
    assert files(target.parent) == ["a.bin"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_write_leaves_nothing(tmp_path, error):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with pytest.raises(error), atomic_write(target) as temporary:
        temporary.write_bytes(b"ha")
        raise error
    assert target.read_bytes() == b"old"
    assert files(tmp_path) == ["a.bin"]


def test_arrays_are_read_back(tmp_path):
    rows = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1), np.uint8)
    write_array(tmp_path / "x.npy", rows.shape, [rows[:3], rows[3:4], rows[4:]], "test")
    opened = open_array(tmp_path / "x.npy")
    assert isinstance(opened, np.memmap)
    np.testing.assert_array_equal(opened, rows)


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([np.zeros((3, 2), "uint8")], "expected 4 images. Received: 3"),
        ([np.zeros((5, 2), "uint8")], "expected 4 images. Received: 5"),
        ([np.zeros((4, 3), "uint8")], r"rows of shape \(2,\)"),
        ([np.zeros((4, 2), "float32")], "dtype=float32"),
    ],
)
def test_chunks_that_do_not_fit(tmp_path, chunks, message):
    with pytest.raises(ValueError, match=message):
        write_array(tmp_path / "x.npy", (4, 2), chunks, "test")
    assert files(tmp_path) == []


def test_conversion_happens_once(cache):
    calls = []

    def convert(target):
        calls.append(target)
        write_array(target, (1, 2), [np.ones((1, 2), "uint8")], "test")

    for _ in range(2):
        assert converted("name", convert).tolist() == [[1, 1]]
    assert calls == [cache / "name.npy"]


def test_a_damaged_cache_is_named(cache):
    cache.mkdir()
    (cache / "name.npy").write_bytes(b"\x93NUMPY\x01\x00garbage")
    with pytest.raises(ValueError, match="name.npy is not the array.*Delete it"):
        converted("name", None)


@given(st.binary(max_size=100))
def test_git_blob_is_what_git_says(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("blob") / "file"
    path.write_bytes(content)
    oracle = hashlib.sha1(b"blob " + str(len(content)).encode() + b"\x00" + content).hexdigest()
    assert digest_of(path, "git-blob") == oracle


def test_known_digests(tmp_path):
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    assert digest_of(path, "git-blob") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert digest_of(path, "md5") == "b1946ac92492d2347c6235b4d2611184"
    assert digest_of(path, "sha256").startswith("5891b5b522d5df086d0ff0b110fbd9d2")


def test_another_content_is_refused(tmp_path):
    path = tmp_path / "hello"
    path.write_bytes(b"hello\n")
    check_digest(path, Digest("md5", "b1946ac92492d2347c6235b4d2611184"), "Fetch it again.")
    path.write_bytes(b"hellO\n")
    with pytest.raises(ValueError, match="not the published file.*b1946.*6 bytes.*Fetch it again"):
        check_digest(path, Digest("md5", "b1946ac92492d2347c6235b4d2611184"), "Fetch it again.")


def test_more_than_the_disk_holds_is_refused_before_writing(tmp_path):
    target = tmp_path / "new" / "x.npy"
    with pytest.raises(ValueError, match="x: expected room for .*TB in .*KERASVAE_CACHE"):
        write_array(target, (10**11, 64, 64), iter([]), "x")
    assert not target.parent.exists()
