"""Train many models of one architecture at once: seeds, weights of the objective, learning rates.

A single model of this size leaves an accelerator idle; many of them as one program fill it.
"""

from collections.abc import Sequence

import keras

from kerasvae.backend import train_members
from kerasvae.checks import check_count, check_positive_int
from kerasvae.training.guard import StopOnNonFinite
from kerasvae.training.members import Member, check_alike


def fit_population(
    models: Sequence,
    images,
    *,
    batch_size: int | None = None,
    epochs: int = 1,
    steps_per_epoch: int | None = None,
    verbose: int = 0,
    callbacks: Sequence[Sequence] | None = None,
) -> list:
    """Train models that differ in seed, weights of the objective and learning rate, together.

    On JAX they are one program: the variables of all members are stacked, the training step runs
    under `jax.vmap`, and an epoch under `jax.lax.scan`, from images on the device if the data set
    is in memory. On TensorFlow they are trained in turn by one loop of steps that is traced once.
    Afterwards each is an ordinary model with its own weights, optimizer and history. They are what
    its own `fit` on a data set of kerasvae.data would give, up to rounding, and a further `fit`
    goes on from there.

    Args:
        models: compiled models of this package, of one class and architecture.
        images: in a form that can be read by index: an array (n, H, W, C) of floats in [0, 1], or
            a data set of kerasvae.data. Each member sees the stream of
            `kerasvae.data.ImageBatches` of its own seed, from the step where it stands. This is so
            for an array too: `fit(array)` would leave the order to Keras, so compare with
            `fit(kerasvae.data.ImageDataset(array))`.
        batch_size: images in a step of each member; the model's default if not given.
        epochs: how many to train.
        steps_per_epoch: steps in an epoch; as many as cover the images once if not given.
        verbose: 1 for a line for each member and epoch.
        callbacks: for each model a list of Keras callbacks of its own, or None. They are called
            at the beginning and end of training and of epochs, with the model's state in place
            unless all of them say `needs_weights = False`. One that sets `stop_training` ends the
            training of that member, and on JAX that of all members.

    Returns:
        A keras History for each model, in their order.

    Raises:
        ValueError: models that differ in anything else, by name, or images that do not fit;
            before any step.
        FloatingPointError: the loss of a member became NaN; names its number. The other members
            are trained to the end.

    Example:
        >>> import numpy as np
        >>> from kerasvae import BetaVAE
        >>> models = [BetaVAE((8, 8, 1), 2, "mlp", beta=beta, seed=0) for beta in (1.0, 4.0)]
        >>> for model in models:
        ...     model.compile()
        >>> histories = fit_population(models, np.full((32, 8, 8, 1), 0.5, "float32"))
        >>> [len(history.history["loss"]) for history in histories], models[1].steps_taken
        ([1, 1], 1)
    """
    histories, failed = train_population(
        models, images, batch_size=batch_size, epochs=epochs, steps_per_epoch=steps_per_epoch,
        verbose=verbose, callbacks=callbacks,
    )  # fmt: skip
    if failed:
        number, error = next(iter(failed.items()))
        also = "".join(f", and so did member {other}" for other in list(failed)[1:])
        raise FloatingPointError(f"Member {number} stopped{also}. {error}") from error
    return histories


def train_population(
    models: Sequence,
    images,
    *,
    batch_size: int | None = None,
    epochs: int = 1,
    steps_per_epoch: int | None = None,
    verbose: int = 0,
    callbacks: Sequence[Sequence] | None = None,
) -> tuple[list, dict[int, FloatingPointError]]:
    """`fit_population`, with the errors of members that failed as a result.

    Args:
        models, images, batch_size, epochs, steps_per_epoch, verbose, callbacks: as for
            `fit_population`.

    Returns:
        The histories, and {number of a member: its error}.

    Raises:
        ValueError: as for `fit_population`.
    """
    models = _checked_models(models)
    check_count("epochs", epochs)
    if steps_per_epoch is not None:
        check_positive_int("steps_per_epoch", steps_per_epoch)
    lead = models[0]
    source = lead.training_data(images, "images")
    if source.kind not in ("array", "dataset"):
        raise ValueError(
            "images: expected an array or a data set of kerasvae.data, of which each member takes "
            "batches in an order of its own; np.concatenate(list(batches)) makes an array. "
            f"Received: {source.kind}"
        )
    for model in models:
        if not model.optimizer.built:  # before any member's variables are compared or copied
            model.optimizer.build(model.trainable_variables)
    check_alike(models)
    for model in models:
        model.prepare_fit(source)
    weights = check_alike(models)  # prepare_fit may have set a number that differs
    extra = callbacks or [()] * len(models)
    if len(extra) != len(models):
        raise ValueError(
            "callbacks: expected a list for each model. "
            f"Received: {len(extra)} lists for {len(models)} models"
        )
    members = []
    for number, (model, own) in enumerate(zip(models, extra, strict=True)):
        batches = model._stream(source, batch_size, steps_per_epoch)
        batches.first_step = model.steps_taken
        watched = any(getattr(callback, "needs_weights", True) for callback in own)
        own = [StopOnNonFinite(model.term_names), *model.watchers(), *own]
        if verbose:
            own.append(_Say(number))
        listed = keras.callbacks.CallbackList(
            own, add_history=True, model=model, epochs=epochs, steps=len(batches), verbose=0
        )
        members.append(Member(model, batches, listed, watched))
    failed = train_members(members, weights, source.stored(), epochs)
    return [model.history for model in models], failed


class _Say(keras.callbacks.Callback):
    """A line after each epoch of a member."""

    def __init__(self, number):
        super().__init__()
        self.number = number

    def on_epoch_end(self, epoch, logs=None):
        """Say the means of the epoch."""
        means = ", ".join(f"{name} {float(value):.4g}" for name, value in (logs or {}).items())
        print(f"member {self.number}, epoch {epoch + 1} of {self.params['epochs']}: {means}")


def _checked_models(models) -> list:
    models = list(models)
    if not models:
        raise ValueError("models: expected at least one compiled model. Received: models=[]")
    if len({id(model) for model in models}) < len(models):
        raise ValueError("models: the same model is listed twice; build one for each member.")
    for number, model in enumerate(models):
        if not hasattr(model, "prepare_fit"):
            raise ValueError(
                f"models: expected models of kerasvae. Received: models[{number}] of class "
                f"{type(model).__name__}"
            )
        if not getattr(model, "compiled", False):
            raise ValueError(
                f"models: compile() each model first. Received: models[{number}] is not compiled"
            )
    return models
