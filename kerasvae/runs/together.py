"""Train runs that fit together as one population, each with its own checkpoints and history."""

from collections.abc import Sequence
from contextlib import ExitStack

from kerasvae.runs import locks, session
from kerasvae.runs.pairs import training_images
from kerasvae.runs.schema import check_config
from kerasvae.training.population import train_population


def train_together(runs: Sequence, dataset) -> bool:
    """Train runs from their last checkpoints to their last step, as members of a population.

    Each folder gets the files that `kerasvae.runs.session.train` writes. Runs that stand at
    different steps, after a kill, are trained group by group.

    Args:
        runs: `kerasvae.runs.Run`s of one model and one training, which differ in seed, weights of
            the objective and learning rate.
        dataset: their images.

    Returns:
        Whether it was interrupted. A run that diverged stands at its last checkpoint, and the
        others were trained to the end.

    Raises:
        ValueError: runs that are no population.
        InUseError: another process trains one of them.
    """
    with ExitStack() as held:
        for run in runs:
            check_config(run.config)
            held.enter_context(locks.hold(run.folder, locks.TRAINING))
            run.check_unchanged()
            run.remove_leftovers()
        opened = [(run, *session.opened(run)) for run in runs]
        recorders = [recorder for _, _, recorder in opened]
        with session.graceful_interrupt(*recorders):
            for step in sorted({recorder.step for recorder in recorders}):
                _train([one for one in opened if one[2].step == step], dataset, step)
        return any(recorder.interrupted for recorder in recorders)


def _train(opened, dataset, step):
    """Train runs that stand at the same step."""
    settings = opened[0][0].config["training"]
    images = training_images(opened[0][0].config["model"], dataset, settings)
    stretches = session.chunks(step, settings["steps"], settings["log_every"])
    for _, length, count in stretches:
        if not opened or any(recorder.interrupted for _, _, recorder in opened):
            break
        _, failed = train_population(
            [model for _, model, _ in opened],
            images,
            batch_size=settings["batch_size"],
            epochs=count,
            steps_per_epoch=length,
            callbacks=[[recorder] for _, _, recorder in opened],
        )
        opened = [one for number, one in enumerate(opened) if number not in failed]
    for run, model, recorder in opened:
        if recorder.step > recorder.saved:
            run.save_model(model)
