"""Measure a trained run and put it into the package: weights of at most 1 MB, and a card.

    python zoo/pack.py beta-tcvae-dsprites build/zoo/beta-tcvae-dsprites

What is measured are the weights as they ship, not those of the run. The run may still be training:
its files are copied first. Afterwards every card's `misses` are judged anew, since some compare
models with each other.
"""

import argparse
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # twice as fast for convolutions on a CPU

import numpy as np  # noqa: E402
from keras import ops  # noqa: E402
from settings import SETTINGS  # noqa: E402

from kerasvae import metrics  # noqa: E402
from kerasvae.runs import Run, evaluation, scores, versions  # noqa: E402
from kerasvae.surgery import decompose  # noqa: E402
from kerasvae.zoo import card, criteria, load, names, storage  # noqa: E402
from kerasvae.zoo.cards import FOLDER  # noqa: E402

MOST_BYTES = 2**20
MOST_COARSER = 3  # bits
# Of a pixel's logit; of the largest logit where that is more, a tenth of the rounding of TF32, in
# which GPUs multiply; of a code's mean, in standard deviations over the images.
MOST_ERRORS = {"logit_error": 1e-2, "relative_logit_error": 5e-5, "spread_error": 3e-3}
COMPARED = 512  # images on which the packed weights are compared with the run's
IMAGES = 20_000  # for scores and logged terms
SAMPLES = 10_000  # of the surgery
BINS = 20
METRICS = scores.NAMES
ROWS = 60  # of the history that the card keeps


def copied(folder: Path, target: Path) -> Run:
    """The files of a run as of its last checkpoint, in a folder of our own."""
    target.mkdir()
    for name in ("config.json", "history.csv", "made.json", "model.keras"):
        if (folder / name).is_file():
            shutil.copy(folder / name, target / name)
    return Run.open(target)


def write_weights(path: Path, model) -> dict:
    """Write the weights, as finely as fits; returns what the card says of the file."""
    for coarser in range(MOST_COARSER + 1):
        storage.write(path, model, coarser)
        content = path.read_bytes()
        if len(content) <= MOST_BYTES:
            break
    else:
        raise SystemExit(f"{path}: expected at most {MOST_BYTES} bytes. Received: {len(content)}")
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "parameters": sum(int(np.prod(v.shape)) for _, v in storage.variables(model)),
    }


def differences(original, packed, images) -> dict:
    """How far packed weights are from the original ones.

    Returns:
        logit_error: the largest difference of a pixel's logit, decoded from the same codes;
        relative_logit_error: the same as a share of the largest logit;
        code_error: the largest difference of a posterior's mean, in its standard deviations;
        spread_error: the same in standard deviations of the code over the images. A posterior may
            be as narrow as it likes (an autoencoder's is a spike); what is read off a code, by a
            decoder or a score, compares it with other codes.
    """
    before, after = original.posteriors(images), packed.posteriors(images)
    logits = [ops.convert_to_numpy(model.decode(before["loc"])) for model in (original, packed)]
    distance = np.abs(after["loc"] - before["loc"])
    spread = np.sqrt(before["loc"].var(axis=0) + np.mean(before["scale"] ** 2, axis=0))
    logit_error = np.abs(logits[0] - logits[1]).max()
    return {
        "logit_error": float(logit_error),
        "relative_logit_error": float(logit_error / np.abs(logits[0]).max()),
        "code_error": float((distance / before["scale"]).max()),
        "spread_error": float((distance / spread).max()),
    }


def is_close(found: dict) -> bool:
    """Whether `differences` are small enough for a reader of codes and images not to see them."""
    close = {name: found[name] < most for name, most in MOST_ERRORS.items()}
    return close["spread_error"] and (close["logit_error"] or close["relative_logit_error"])


def information(model, dataset) -> dict:
    """What each dimension tells of each factor, on the images of the evaluation."""
    shown = evaluation.sampled(dataset, IMAGES)
    factors = shown.factors(slice(None))
    matrix = metrics.mig(model.embed(shown), factors, bins=BINS).matrix
    return {
        "points": len(shown),
        "bins": BINS,
        "factors": list(dataset.factor_names),
        "matrix": np.round(matrix, 5).tolist(),
    }


def measure(run, model, dataset, surgery_images: int | None) -> dict:
    """The evaluation, with the surgery over the whole grid or a larger sample."""
    started = time.monotonic()
    result = evaluation.evaluate(run, model, dataset, IMAGES, METRICS, samples=SAMPLES)
    print(f"evaluation: {time.monotonic() - started:.0f} s", flush=True)
    if model.has_standard_normal_prior and surgery_images != IMAGES:
        started = time.monotonic()
        shown = dataset
        if surgery_images is not None:
            shown = evaluation.sampled(dataset, surgery_images)
        parameters = model.posteriors(shown)
        print(f"encoding {len(shown):,} images: {time.monotonic() - started:.0f} s", flush=True)
        result["surgery"] = decompose(model, shown, SAMPLES, parameters=parameters).to_dict()
        print(f"surgery: {time.monotonic() - started:.0f} s", flush=True)
    return result


def thinned(rows: list[dict]) -> list[dict]:
    """At most about ROWS rows, the last one among them."""
    every = -(-len(rows) // ROWS)
    return rows[::-1][:: max(every, 1)][::-1]


def differs(setting, training: dict) -> str:
    """One sentence or two on why a published figure need not be ours."""
    ours = f"Ours took {training['steps']:,} steps of batch {training['batch_size']}, one seed."
    return f"{ours} {setting.differs}"


def write_card(path: Path, content: dict) -> None:
    """Write a card."""
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def judge_all(target: Path = FOLDER) -> None:
    """Write what each card in a folder misses, now that another one is there."""
    cards = {name: card(name, target) for name in names(target)}
    for name, content in cards.items():
        content["misses"] = criteria.misses(content, cards)
        write_card(target / f"{name}.json", content)
        print(f"{name}: misses {content['misses'] or 'nothing'}")


def pack(
    name: str,
    folder: Path,
    seconds: float | None = None,
    device: str | None = None,
    surgery_images: int | None = None,
    target: Path = FOLDER,
) -> None:
    """Weights and card of one model, into a folder; see `main` for the arguments."""
    setting = SETTINGS[name]
    with tempfile.TemporaryDirectory() as temporary:
        temporary = Path(temporary)
        run = copied(folder, temporary / "run")
        original, dataset = run.load_model(), run.dataset()
        made = run.path("made.json")
        made = json.loads(made.read_text()) if made.is_file() else {}
        training = {**run.config["training"], "steps": original.steps_taken}
        built = original.get_config()
        arguments = {key: built[key] for key in run.config["arguments"]}
        content = {
            "model": run.config["model"],
            "arguments": json.loads(json.dumps(arguments)),
            "data": run.config["data"],
            "training": training,
            "trained": {
                "seconds": seconds or made.get("seconds"),
                "device": device or made.get("device"),
                "versions": run.config["versions"],
            },
            "measured_with": versions(),
            "tried": setting.tried,
            "weights": write_weights(temporary / f"{name}.npz", original),
        }
        write_card(temporary / f"{name}.json", content)
        model = load(name, temporary)
        images = evaluation.sampled(dataset, COMPARED).images(slice(None))
        found = differences(original, model, images)
        print(f"{name}: step {training['steps']:,}, {content['weights']['bytes']:,} bytes, {found}")
        if not is_close(found):
            raise SystemExit(f"expected differences below {MOST_ERRORS}. Received: {found}")
        content["weights"] |= found
        content["evaluation"] = measure(run, model, dataset, surgery_images)
        content["information"] = information(model, dataset)
        content["history"] = thinned(run.read_history(training["steps"]))
        content["published"] = [figure._asdict() for figure in setting.published]
        content["differs"] = differs(setting, training)
        content["misses"] = []
        shutil.copy(temporary / f"{name}.npz", target / f"{name}.npz")
        write_card(target / f"{name}.json", content)


def main() -> None:
    """Pack one model, then judge all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=SETTINGS)
    parser.add_argument("run", type=Path, help="its run folder")
    parser.add_argument("--seconds", type=float, help="of the training, if no made.json says it")
    parser.add_argument("--device", help="of the training, if no made.json says it")
    parser.add_argument(
        "--surgery-images",
        type=int,
        metavar="N",
        help="surgery over so many random images, not the whole grid",
    )
    arguments = parser.parse_args()
    pack(
        arguments.name,
        arguments.run,
        arguments.seconds,
        arguments.device,
        arguments.surgery_images,
    )
    judge_all()


if __name__ == "__main__":
    main()
