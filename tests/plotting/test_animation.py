"""The animated traversal, read back frame by frame."""

import io

import numpy as np
import pytest
from PIL import Image

from kerasvae import plotting

pytestmark = pytest.mark.numpy_only


def written(images, **options):
    """The frames of the file, (frames, height, width) in 0..255, and the milliseconds of each."""
    file = io.BytesIO()
    plotting.traversal_gif(images, file, **options)
    with Image.open(file) as image:
        frames, durations = [], []
        for number in range(image.n_frames):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGB")).astype(int))
            durations.append(image.info["duration"])
        assert image.info["loop"] == 0, "for ever"
    return np.stack(frames), durations


def dark(frame):
    """Share of pixels that are black."""
    return (frame.max(axis=-1) < 60).mean()


@pytest.fixture
def growing():
    """(2, 4, 16, 16, 1): a first dimension that whitens its image in 4 steps, a second that stays.

    The images' grey is what is looked for, so text does not matter.
    """
    images = np.zeros((2, 4, 16, 16, 1), "float32")
    for step in range(4):
        images[0, step, : 4 * (step + 1)] = 1.0
    return images


def test_the_frames_go_there_and_back(growing):
    frames, durations = written(growing, seconds=3.0)
    assert len(frames) == 6
    shares = [dark(frame) for frame in frames]
    assert shares[0] > shares[1] > shares[2] > shares[3]
    assert shares[4] == shares[2] and shares[5] == shares[1]
    assert sum(durations) == pytest.approx(3000, abs=60)


def test_a_still_dimension_stays_still(growing):
    frames, _ = written(growing)
    moved = (frames != frames[0]).any(axis=(0, -1))
    rows, columns = np.nonzero(moved)
    assert columns.max() < frames.shape[2] / 2, "only the left image moves"
    assert moved.sum() >= 70 * 90, "as large as was asked for: three quarters of 96 x 96"
    assert rows.max() - rows.min() < 96


def test_models_stand_side_by_side_with_a_row_for_each_dimension(growing):
    still = np.zeros_like(growing)
    frames, _ = written(
        np.stack([still, growing]), titles=["one\nof two", "other"], labels=["first", "second"]
    )
    moved = (frames != frames[0]).any(axis=(0, -1))
    rows, columns = np.nonzero(moved)
    assert columns.min() > frames.shape[2] / 2, "the second model's column"
    assert rows.max() < 0.6 * frames.shape[1], "the first dimension's row"


def test_colours_stay_colours():
    images = np.zeros((1, 3, 8, 8, 3), "float32")
    images[..., 0] = np.linspace(0.5, 1, 3).reshape(1, 3, 1, 1)
    frames, _ = written(images)
    middle = frames[:, frames.shape[1] - 40, frames.shape[2] // 2]
    assert (middle[:, 0] > 110).all() and (middle[:, 1:] < 20).all()
    assert middle[2, 0] > middle[0, 0] + 100


def test_many_dimensions_go_on_in_another_row(growing):
    images = np.concatenate([growing] * 4)  # 8 dimensions
    frames, _ = written(images, size=48)
    moved = (frames != frames[0]).any(axis=(0, -1))
    gaps = np.diff(np.flatnonzero(moved.any(axis=1)))
    assert (gaps > 5).sum() == 1, "two rows of images that move"


def test_a_path_is_as_good_as_a_file(growing, tmp_path):
    plotting.traversal_gif(growing, tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as image:
        assert image.format == "GIF"


@pytest.mark.parametrize(
    "change, message",
    [
        ({"images": np.zeros((3, 8, 8, 1))}, r"images: expected shape \(D, S, H, W, C\)"),
        ({"images": np.zeros((0, 2, 8, 8, 1))}, "not empty"),
        ({"images": np.zeros((2, 2, 8, 8, 2))}, "C = 1 or 3"),
        ({"labels": ["only one"]}, "labels: expected 2"),
        ({"titles": ["a", "b"]}, "titles: expected 1"),
    ],
)
def test_what_does_not_fit_is_refused(growing, tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        plotting.traversal_gif(**{"images": growing, "target": tmp_path / "a.gif", **change})
    assert not list(tmp_path.iterdir())
