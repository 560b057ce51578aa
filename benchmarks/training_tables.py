"""The tables of `training.py`: one for each comparison, and one of all objectives."""

import statistics

from rich.markup import escape
from rich.table import Table

REFERENCE, FLOOR = "kerasvae", "plain Keras"
PEERS = ("pythae, own trainer", "pythae, plain loop", "torch, by hand")

# The ratio to the torch peers to reach on an idle machine, TensorFlow on a CPU, burgess network.
PEER_TARGETS = {"vae": 1.5, "beta-vae": 1.5, "factor-vae": 1.3}


def ratios(result: dict, name: str) -> list[float]:
    """Images/s of the reference over those of a contender, round by round."""
    speeds = [result["contenders"][key]["images_per_second"] for key in (REFERENCE, name)]
    return [ours / theirs for ours, theirs in zip(*speeds, strict=True)]


def comparison(result: dict) -> Table:
    """One comparison as a rich table."""
    title = (
        f"{result['objective']}, {result['network']} {result['image_shape']}, "
        f"z={result['latent_dim']}, {result['batch_size']} images a step, {result['dtype']}, Adam, "
        f"{result['parameters']:,} parameters"
    )
    rows = result["contenders"].values()
    runs_on = dict.fromkeys(row["runs_on"] for row in rows if "runs_on" in row)
    caption = "\n".join(runs_on) + (
        "\nmedian (range) over the rounds; CPU time is that of all cores, which other programs on "
        "the machine hardly change; memory is the whole process's, framework and images included"
    )
    shown = Table(title=title, caption=caption)
    shown.add_column("contender", max_width=36)
    for heading in ("images/s", "ms/step", f"{REFERENCE} is x times", "target", "CPU ms/step",
                    "by CPU x", "peak MB", "loss"):  # fmt: skip
        shown.add_column(heading, justify="right")
    for name, row in result["contenders"].items():
        if "absent" in row:
            shown.add_row(f"{name}: {escape(row['absent'])}")
            continue
        speeds, compared = row["images_per_second"], name != REFERENCE
        shown.add_row(
            name,
            _spread(speeds, ".0f"),
            f"{1000 * result['batch_size'] / statistics.median(speeds):.1f}",
            _spread(ratios(result, name), ".2f") if compared else "",
            _verdict(result, name),
            f"{statistics.median(row['cpu_ms_per_step']):.1f}",
            f"{_by_cpu(result, name):.2f}" if compared else "",
            f"{row['peak_megabytes']:.0f}",
            f"{row['loss'][-1]:.1f}",
        )
    return shown


def summary(results: list[dict]) -> Table:
    """All objectives in one table, with the share of the device's matrix peak."""
    caption = (
        "GFLOP/step: model FLOPs, two for each multiply-add of matrix products and convolutions, "
        "a backward pass as two forward ones (contenders/flops.py); of peak: those done a second, "
        "of what large matrix products reach on the same device in the same dtype, "
        + ("as given. " if results[0]["peak_given"] else "measured in the same rounds. ")
        + "x: images/s of kerasvae over another's, in brackets the same by CPU time; torch is the "
        "fastest of its contenders."
    )
    shown = Table(title=f"{REFERENCE}, all objectives, {results[0]['dtype']}", caption=caption)
    shown.add_column("objective, network")
    for heading in ("images a step", "steps/s", "images/s", "CPU ms/step", "GFLOP/step",
                    "TFLOP/s", "peak TFLOP/s", "of peak", f"x {FLOOR}", "x torch"):  # fmt: skip
        shown.add_column(heading, justify="right")
    for result in results:
        row = result["contenders"][REFERENCE]
        speed = statistics.median(row["images_per_second"])
        rates = [
            row["flops"] * speed / result["batch_size"] for speed in row["images_per_second"]
        ]  # a second
        shares = [rate / peak for rate, peak in zip(rates, result["peak"], strict=True)]
        peers = [name for name in PEERS if _present(result, name)]
        fastest = min(peers, key=lambda name: statistics.median(ratios(result, name)), default="")
        shown.add_row(
            f"{result['objective']}, {result['network']}",
            f"{result['batch_size']}",
            f"{speed / result['batch_size']:.1f}",
            f"{speed:.0f}",
            f"{statistics.median(row['cpu_ms_per_step']):.1f}",
            f"{row['flops'] / 1e9:.2f}",
            f"{statistics.median(rates) / 1e12:.3f}",
            f"{statistics.median(result['peak']) / 1e12:.3f}",
            f"{statistics.median(shares):.0%}",
            *(_both(result, name) for name in (FLOOR, fastest)),
        )
    return shown


def _present(result: dict, name: str) -> bool:
    return "absent" not in result["contenders"].get(name, {"absent": ""})


def _both(result: dict, name: str) -> str:
    if not _present(result, name):
        return ""
    return f"{statistics.median(ratios(result, name)):.2f} ({_by_cpu(result, name):.2f})"


def _by_cpu(result: dict, name: str) -> float:
    """CPU time of a contender over that of the reference, the median over the rounds."""
    times = [result["contenders"][key]["cpu_ms_per_step"] for key in (name, REFERENCE)]
    return statistics.median(theirs / ours for theirs, ours in zip(*times, strict=True))


def _verdict(result: dict, name: str) -> str:
    target = 0.95 if name == FLOOR else None
    on_tensorflow = "tensorflow" in result["contenders"][REFERENCE]["runs_on"]
    if name in PEERS and on_tensorflow and result["network"] == "burgess":
        target = PEER_TARGETS.get(result["objective"])
    if target is None:
        return ""
    if result["busy"]:
        return f">= {target}, machine busy"
    met = statistics.median(ratios(result, name)) >= target
    return f">= {target} {'met' if met else '[red]not met[/red]'}"


def _spread(values, form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"
