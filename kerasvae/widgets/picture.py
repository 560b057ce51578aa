"""A picture whose pixels stay sharp when enlarged, and whose columns can be clicked."""

import base64
import io
from collections.abc import Callable

import anywidget
import numpy as np
import traitlets
from PIL import Image

_ESM = """
export default {
  render({ model, el }) {
    const picture = document.createElement("img");
    picture.className = "kerasvae-picture";
    Object.assign(picture.style, { imageRendering: "pixelated", display: "block" });
    // As high as asked for, unless the page is too narrow for that.
    picture.addEventListener("load", () => {
      const width = (model.get("height") * picture.naturalWidth) / picture.naturalHeight;
      picture.style.width = `min(100%, ${width}px)`;
    });
    const column = (event) => {
      const box = picture.getBoundingClientRect();
      const count = model.get("titles").length;
      const place = Math.floor((count * (event.clientX - box.left)) / box.width);
      return Math.max(0, Math.min(count - 1, place));
    };
    const show = () => {
      picture.src = model.get("src");
      picture.alt = model.get("alt");
      picture.style.cursor = model.get("titles").length ? "pointer" : "default";
    };
    picture.addEventListener("mousemove", (event) => {
      picture.title = model.get("titles")[column(event)] ?? "";
    });
    picture.addEventListener("click", (event) => {
      if (model.get("titles").length) model.send({ column: column(event) });
    });
    model.on("change", show);
    show();
    el.append(picture);
  },
};
"""


class Picture(anywidget.AnyWidget):
    """Images side by side, shown as one picture.

    Args:
        alt: what it shows, in words.
        height: on the page, in pixels; less where the page is too narrow for the width.
        titles: a text for each image, shown while the mouse is over it; without texts the picture
            cannot be clicked.

    Example:
        >>> picture = Picture(alt="two black images", titles=["left", "right"])
        >>> picture.show(np.zeros((2, 8, 8, 1)))
        >>> picture.src[:22]
        'data:image/png;base64,'
    """

    _esm = _ESM
    src = traitlets.Unicode("").tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Int(160).tag(sync=True)
    titles = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def show(self, images) -> None:
        """Show images (n, H, W, C) in [0, 1], with 1 or 3 channels."""
        self.src = png_address(side_by_side(images))

    def on_click(self, callback: Callable[[int], None]) -> None:
        """Have a function called with the number of the image that was clicked."""

        def received(widget, content, buffers):
            column = content.get("column") if isinstance(content, dict) else None
            if isinstance(column, int) and 0 <= column < len(self.titles):
                callback(column)

        self.on_msg(received)


def side_by_side(images) -> np.ndarray:
    """Join images (n, H, W, C) to one, with a white gap after each but the last.

    Example:
        >>> side_by_side(np.zeros((3, 8, 8, 1))).shape
        (8, 26, 1)
    """
    count, height, width, channels = np.shape(images)
    gap = max(1, width // 16)
    padded = np.pad(images, [(0, 0), (0, 0), (0, gap), (0, 0)], constant_values=1.0)
    joined = padded.swapaxes(0, 1).reshape(height, count * (width + gap), channels)
    return joined[:, :-gap]


def png_address(pixels) -> str:
    """An image (H, W, C) with values in [0, 1] as the data address of a PNG file."""
    levels = np.rint(255 * np.clip(pixels, 0, 1)).astype("uint8")
    buffer = io.BytesIO()
    image = Image.fromarray(levels if levels.shape[2] == 3 else levels[..., 0])
    image.save(buffer, format="png", compress_level=1)  # it travels no further than this machine
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
