"""A user's own images: folders good and bad, and arrays."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from kerasvae.data import folder, from_images

pytestmark = pytest.mark.numpy_only


def save(path, size=(8, 8), colour=128, mode="L"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


def test_an_array_is_taken_as_it_is():
    array = np.random.default_rng(0).random((5, 8, 8, 3)).astype("float32")
    dataset = from_images(array)
    np.testing.assert_array_equal(dataset.images(range(5)), array)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((5, 8, 8, 1), 200, "uint8"), "divide by 255"),
        (np.zeros((5, 8, 8, 1), "uint8"), "need no division"),
        (np.full((5, 8, 8, 1), 255.0), "divide by 255"),
        (np.full((5, 8, 8, 1), np.nan), "NaN"),
        (np.zeros((5, 8, 8)), "channel axis"),
        (np.zeros((0, 8, 8, 1)), "at least one image"),
        ([np.zeros((8, 8))], "Received: list"),
    ],
)
def test_bad_arrays_are_refused(array, message):
    with pytest.raises(ValueError, match=message):
        from_images(array)


def test_an_array_is_not_converted():
    with pytest.raises(ValueError, match="Received: image_size=4 with ndarray"):
        from_images(np.zeros((5, 8, 8, 1)), image_size=4)


def test_natural_order_with_subfolders(tmp_path):
    for name, colour in (("10.png", 100), ("2.png", 20), ("b/1.png", 200), ("1.PNG", 10)):
        save(tmp_path / name, colour=colour)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "._2.png").write_text("what another system leaves beside a file")
    images = from_images(tmp_path).images(range(4))
    assert images.shape == (4, 8, 8, 1)
    np.testing.assert_allclose(images[:, 0, 0, 0] * 255, [10, 20, 100, 200], rtol=1e-6)


def test_pixels_come_back(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    dataset = from_images(str(tmp_path))
    assert dataset.image_shape == (6, 9, 3)
    np.testing.assert_allclose(dataset.images([0])[0] * 255, pixels, atol=1e-4)


@pytest.mark.parametrize("suffix", ["png", "jpg", "jpeg", "bmp", "gif", "tif", "tiff", "webp"])
def test_kinds_of_files(tmp_path, suffix):
    save(tmp_path / f"a.{suffix}", colour=200)
    value = from_images(tmp_path, channels=1).images([0])[0, 4, 4, 0] * 255
    assert value == pytest.approx(200, abs=2)  # jpg and webp are lossy


@pytest.mark.parametrize(
    ("modes", "channels"), [(("L", "L"), 1), (("L", "RGB"), 3), (("RGBA",), 3), (("1", "LA"), 1)]
)
def test_channels_are_those_of_the_files(tmp_path, modes, channels):
    for number, mode in enumerate(modes):
        save(tmp_path / f"{number}.png", mode=mode, colour="black")
    assert from_images(tmp_path).image_shape == (8, 8, channels)
    assert from_images(tmp_path, channels=1).image_shape == (8, 8, 1)
    assert from_images(tmp_path, channels=3).image_shape == (8, 8, 3)


def test_sizes_that_differ(tmp_path):
    save(tmp_path / "a.png", size=(8, 8))
    save(tmp_path / "b.png", size=(10, 6))
    with pytest.raises(ValueError, match="image_size=.*a.png with 8x8 pixels, b.png with 6x10"):
        from_images(tmp_path)
    assert from_images(tmp_path, image_size=4).image_shape == (4, 4, 1)


def test_resizing_crops_about_the_centre(tmp_path):
    wide = np.zeros((8, 24), np.uint8)
    wide[:, 8:16] = 255
    Image.fromarray(wide).save(tmp_path / "a.png")
    assert from_images(tmp_path, image_size=8).images([0]).min() == 1


def test_a_photograph_is_turned_upright(tmp_path):
    picture = Image.new("L", (9, 6))
    exif = picture.getexif()
    exif[0x0112] = 6  # turned by a quarter
    picture.save(tmp_path / "a.jpg", exif=exif)
    assert from_images(tmp_path).image_shape == (9, 6, 1)


@pytest.mark.parametrize("damage", [b"", b"no image at all", "truncate"])
def test_a_damaged_file_is_named(tmp_path, damage):
    save(tmp_path / "good.png")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    bad = tmp_path / "nested" / "bad.png"
    bad.parent.mkdir()
    Image.fromarray(noise).save(bad)
    bad.write_bytes(bad.read_bytes()[:1000] if damage == "truncate" else damage)
    with pytest.raises(ValueError, match="bad.png cannot be read as an image"):
        from_images(tmp_path, image_size=8)


def test_sixteen_bits_are_refused(tmp_path):
    Image.fromarray(np.full((8, 8), 40000, np.uint16)).save(tmp_path / "a.png")
    for channels in (None, 1):
        with pytest.raises(ValueError, match="a.png: expected 8 bits a channel.* / 65535"):
            from_images(tmp_path, channels=channels)


def test_no_images(tmp_path):
    with pytest.raises(FileNotFoundError, match="which has none"):
        from_images(tmp_path)
    with pytest.raises(FileNotFoundError, match="nowhere, not there"):
        from_images(tmp_path / "nowhere")
    (tmp_path / "x.npy").touch()
    with pytest.raises(FileNotFoundError, match="a file, not a folder"):
        from_images(tmp_path / "x.npy")


@pytest.mark.parametrize("options", [{"image_size": 0}, {"image_size": 2.5}, {"channels": 2}])
def test_bad_options(tmp_path, options):
    save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="Received: "):
        from_images(tmp_path, **options)


MASK = np.zeros((8, 8), np.uint8)
MASK[2:6, 2:6] = 1


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
@pytest.mark.parametrize("image_size", [None, 8, 4])
def test_masks_of_0_and_1_have_white_at_1(tmp_path, suffix, image_size):
    Image.fromarray(MASK).save(tmp_path / f"a.{suffix}")
    Image.fromarray(np.zeros_like(MASK)).save(tmp_path / f"b.{suffix}")
    images = from_images(tmp_path, image_size).images([0, 1])
    assert images[0].min() < 0.01
    assert images[1].max() == 0
    if image_size == 4:  # the resampling overshoots a little or blurs
        assert images[0].max() > 0.8
    else:
        np.testing.assert_array_equal(images[0, ..., 0], MASK)


def test_a_mask_beside_a_picture_is_a_dark_picture(tmp_path):
    Image.fromarray(MASK).save(tmp_path / "a.png")
    save(tmp_path / "b.png", colour=200)
    assert from_images(tmp_path).images([0]).max() == pytest.approx(1 / 255)


@pytest.mark.parametrize("largest", [2, 9, 31])
def test_labels_are_asked_about(tmp_path, largest):
    Image.fromarray(MASK * largest).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=f"Pass white={largest} if that is white, white=255"):
        from_images(tmp_path)
    assert from_images(tmp_path, white=largest).images([0]).max() == 1
    assert from_images(tmp_path, 4, white=largest).images([0]).max() > 0.8
    assert from_images(tmp_path, white=255).images([0]).max() == pytest.approx(largest / 255)
    with pytest.raises(ValueError, match=f"above the value of white.*{largest} as the brightest"):
        from_images(tmp_path, white=1)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize(("glyph", "visible"), [(0, 0), (255, 1)])
def test_a_shape_in_the_transparency_is_seen(tmp_path, mode, glyph, visible):
    """Black glyphs stand on white, white ones on black, whatever hides behind."""
    if mode == "P":
        image = Image.fromarray(MASK, "P")
        image.putpalette([glyph] * 6)
        image.save(tmp_path / "a.png", transparency=0)
    else:
        pixels = np.full((8, 8, len(mode)), glyph, np.uint8)
        pixels[..., -1] = MASK * 255
        Image.fromarray(pixels, mode).save(tmp_path / "a.png")
    image = from_images(tmp_path, channels=1).images([0])[0, ..., 0]
    np.testing.assert_array_equal(image == visible, MASK == 1)
    on = "black" if glyph else "white"
    np.testing.assert_array_equal(
        from_images(tmp_path, 8, 1, background=on).images(0)[0, ..., 0], image
    )


def test_half_transparent_pixels_are_mixed(tmp_path):
    Image.new("RGBA", (8, 8), (255, 0, 0, 51)).save(tmp_path / "a.png")  # a fifth of red
    for background, expected in (("black", [0.2, 0, 0]), ("white", [1, 0.8, 0.8])):
        image = from_images(tmp_path, background=background).images([0])[0, 0, 0]
        np.testing.assert_allclose(image, expected, atol=1 / 255)


def test_palettes_of_grey_are_grey(tmp_path):
    image = Image.fromarray(MASK)
    grey, colour = image.convert("P"), image.convert("P")
    grey.putpalette([10, 10, 10, 200, 200, 200])
    colour.putpalette([10, 10, 10, 200, 20, 200])
    grey.save(tmp_path / "a.png")
    images = from_images(tmp_path).images([0])
    assert images.shape == (1, 8, 8, 1)
    np.testing.assert_allclose(np.unique(images) * 255, [10, 200], rtol=1e-6)
    colour.save(tmp_path / "a.png")
    assert from_images(tmp_path).image_shape == (8, 8, 3)


def test_twelve_bits_are_told_their_white(tmp_path):
    Image.fromarray(MASK.astype(np.uint16) * 4000).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match="/ 4095.*values up to 4000"):
        from_images(tmp_path)
    Image.fromarray(MASK.astype(np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match="mode F"):
        from_images(tmp_path)


def test_sizes_that_fit_no_memory_are_refused_before_reading(tmp_path, monkeypatch):
    save(tmp_path / "a.png")
    monkeypatch.setattr(folder, "_pixels", None)  # would be called to read
    with pytest.raises(ValueError, match="1 images of 1000000x1000000x1.*fit into memory"):
        from_images(tmp_path, image_size=10**6)


def test_a_picture_that_unpacks_to_gigabytes_is_refused(tmp_path):
    """A few kB that claim 60,000 x 60,000 pixels, in the header alone."""
    save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = struct.pack(">II", 60_000, 60_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError, match="cannot be read.*decompression bomb"):
        from_images(tmp_path, image_size=8)
