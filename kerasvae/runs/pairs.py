"""What a run is trained on: images, or pairs of them for a model that learns from pairs."""

from kerasvae.checks import check_choice, check_positive_int
from kerasvae.data import FactorDataset, Pairs
from kerasvae.models import BY_NAME

# The setting of a training on pairs, beside those of every training.
DEFAULTS = {"changed": 1}


def check_changed(name: str, value) -> None:
    """Refuse what cannot be a number of factors that change between the images of a pair.

    Raises:
        ValueError: neither a positive whole number nor "random".
    """
    if isinstance(value, str):
        check_choice(name, value, ["random"])
    else:
        check_positive_int(name, value)


def training_images(model: str, dataset, training: dict):
    """The data set itself, or pairs of its images.

    Args:
        model: name of the run's model.
        dataset: its images.
        training: the run's settings of the training.

    Returns:
        Something with `keras_dataset(batch_size, seed, first_step, steps_per_epoch)`.

    Raises:
        ValueError: pairs are needed of images without factors, or of too few of them.
    """
    if not BY_NAME[model].learns_from_pairs:
        return dataset
    if not isinstance(dataset, FactorDataset):
        raise ValueError(
            f"{model} learns from pairs that differ in a known number of factors, and needs a data "
            "set with factors. For pairs of your own call fit(kerasvae.data.Pairs((first, "
            f"second))) in Python. Received: {dataset!r}"
        )
    return Pairs(dataset, training["changed"], labelled=BY_NAME[model].needs_labels)
