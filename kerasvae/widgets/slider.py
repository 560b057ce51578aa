"""A slider for one number, wide enough to aim, which keys move and which can sweep by itself."""

from collections.abc import Callable

import anywidget
import traitlets

_ESM = """
const STEP = 0.1, FINE = 0.01, PAGE = 1;  // of the keys; a class code moves by 1
const TICK = 50;  // milliseconds between two places of a sweep
const SWEEP = 6000;  // of a sweep: from where it stands to both ends and back

const clamp = (model, value) => {
  const rounded = model.get("whole") ? Math.round(value) : Math.round(value / FINE) * FINE;
  return Math.min(model.get("max"), Math.max(model.get("min"), rounded));
};

export default {
  // Once for each slider, however often it is shown.
  initialize({ model }) {
    let timer = null;
    const stop = () => clearInterval(timer);
    model.on("change:sweeping", () => {
      stop();
      if (!model.get("sweeping")) return;
      const [start, low, began] = [model.get("value"), model.get("min"), Date.now()];
      const length = model.get("max") - low;
      timer = setInterval(() => {
        const share = (Date.now() - began) / SWEEP;
        const way = (start - low + 2 * length * share) % (2 * length);
        const ended = share >= 1;
        const value = ended ? start : clamp(model, low + Math.min(way, 2 * length - way));
        if (ended) model.set("sweeping", false);
        model.set("value", value);
        model.save_changes();
      }, TICK);
    });
    return stop;
  },

  render({ model, el }) {
    el.classList.add("kerasvae-slider");
    const input = document.createElement("input");
    const output = document.createElement("output");
    input.type = "range";
    const show = () => {
      const whole = model.get("whole");
      Object.assign(input, { min: model.get("min"), max: model.get("max") });
      input.step = whole ? 1 : "any";
      input.value = model.get("value");
      // A minus is no hyphen, and zero has none.
      const text = model.get("value").toFixed(whole ? 0 : 2).replace(/^-(?=[0.]*$)/, "");
      output.textContent = text.replace("-", "\\u2212");
      input.setAttribute("aria-label", model.get("label"));
      input.setAttribute("aria-valuetext", text);
    };
    const move = (value) => {
      model.set("sweeping", false);
      model.set("value", clamp(model, value));
      model.save_changes();
    };
    input.addEventListener("input", () => move(input.valueAsNumber));
    input.addEventListener("focus", () => model.send({ focused: true }));
    input.addEventListener("keydown", (event) => {
      const sign = { ArrowRight: 1, ArrowUp: 1, PageUp: 1, ArrowLeft: -1, ArrowDown: -1,
        PageDown: -1 }[event.key];
      const ends = { Home: model.get("min"), End: model.get("max") };
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key in ends) move(ends[event.key]);
      else if (!sign) return;
      else {
        const far = model.get("whole") || event.key.startsWith("Page");
        move(model.get("value") + sign * (far ? PAGE : event.shiftKey ? FINE : STEP));
      }
      event.preventDefault();
    });
    model.on("change", show);
    show();
    el.append(input, output);
  },
};
"""
_CSS = """
.kerasvae-slider { display: flex; align-items: center; flex: 0 0 auto; }
.kerasvae-slider input { width: 260px; margin: 0 6px; accent-color: #1976d2; cursor: pointer; }
.kerasvae-slider output {
  width: 3.2em; text-align: right; font-variant-numeric: tabular-nums;
  font-size: 13px; color: var(--jp-ui-font-color1, inherit);
}
"""


class Slider(anywidget.AnyWidget):
    """A slider with its value beside it.

    Arrow keys move it by 0.1, with Shift by 0.01, Page Up and Page Down by 1, Home and End to the
    ends; whole numbers move by 1.

    Args:
        label: what it sets, for screen readers.
        min, max: its ends.
        value: where it stands, which can be set and observed; not limited by the ends.
        whole: whether only whole numbers make sense.
        sweeping: whether it moves by itself: once to its upper end, to the lower end, and back to
            where it began, in six seconds; to be set and observed.

    Example:
        >>> Slider(label="z_0", min=-3.0, max=3.0).value
        0.0
    """

    _esm = _ESM
    _css = _CSS
    label = traitlets.Unicode("").tag(sync=True)
    min = traitlets.CFloat(-3.0).tag(sync=True)
    max = traitlets.CFloat(3.0).tag(sync=True)
    value = traitlets.CFloat(0.0).tag(sync=True)
    whole = traitlets.Bool(False).tag(sync=True)
    sweeping = traitlets.Bool(False).tag(sync=True)

    def on_focus(self, callback: Callable[[], None]) -> None:
        """Have a function called when the keys begin to move this slider."""

        def received(widget, content, buffers):
            if isinstance(content, dict) and content.get("focused") is True:
                callback()

        self.on_msg(received)
