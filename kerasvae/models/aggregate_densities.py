"""What objectives that estimate the density of q(z) at a batch's codes have in common."""

import math

import numpy as np
from keras import ops

from kerasvae.checks import check_choice, check_positive_int
from kerasvae.data import as_dataset
from kerasvae.estimators import ESTIMATORS, aggregate_posterior, aggregate_posterior_bank
from kerasvae.models.posterior_bank import PosteriorBank
from kerasvae.training.impossible import SayImpossible

BANK = "bank"
BANK_SIZE = 10_000

# Above this size the exact estimator, which encodes all images at every step, is no use.
MAX_EXACT = 20_000


class AggregateDensities:
    """The estimator of log q(z), and what it needs: the number of images, the images, or a bank.

    To be placed before `VariationalAutoencoder` among the base classes. `terms` calls `aggregate`,
    and `ranges` says what the estimates should be in.

    Args:
        *args, **kwargs: of the next class.
        estimator: one of `estimators`.
        dataset_size: number of training images; None to take it from the data of `fit`.
        bank_size: for "bank", how many posteriors it holds, None for 10,000.

    Raises:
        ValueError: an unknown estimator, a size that is no positive whole number, or a bank_size
            that no estimator uses.
    """

    estimators = (*ESTIMATORS, BANK)

    def __init__(self, *args, estimator, dataset_size, bank_size, **kwargs):
        self.estimator = check_choice("estimator", estimator, self.estimators)
        if dataset_size is not None:
            check_positive_int("dataset_size", dataset_size)
        self.dataset_size = dataset_size
        self._size_from_data = dataset_size is None
        self._all_images = None
        self.bank_size = _checked_bank_size(estimator, bank_size)
        super().__init__(*args, **kwargs)
        self.bank = None
        if estimator == BANK:
            self.bank = PosteriorBank(self.bank_size, self.latent_dim)

    @property
    def has_densities(self):
        """Whether the estimator gives densities, and so needs to know the training data."""
        return self.estimator in AggregateDensities.estimators

    def prepare_fit(self, x, validation_split=0.0):
        """Take the number of images from the training data, and for "exact" the images.

        Args:
            x: what `fit` was given.
            validation_split: the share of it that is not trained on.

        Raises:
            ValueError: data of unknown length without dataset_size, or too much for "exact".
        """
        if not self.has_densities:
            return
        images = as_dataset(x, self.image_shape)
        size = images.length
        if size is not None:
            size = math.floor(size * (1 - validation_split))  # as Keras splits
        name = type(self).__name__
        if self._size_from_data and size is None:
            raise ValueError(
                f"{name} needs the number of training images, which these data do not give: "
                f"{name}(..., dataset_size=...). Received: {images.kind}"
            )
        if self._size_from_data and size != self.dataset_size:
            if self.bank is not None and self.dataset_size is not None:
                self.bank.clear()  # it holds images of other data
            self.dataset_size = size
            self.train_function = self.test_function = None  # they hold the old size
        if self.estimator == "exact":
            self._keep_images(images, size)

    def _keep_images(self, images, size):
        if size is None or size > MAX_EXACT:
            raise ValueError(
                f"estimator='exact' encodes all images at every step and takes at most "
                f"{MAX_EXACT:,} of known length; use 'mss'. Received: {size} images"
            )
        self._all_images = np.asarray(images.images(np.arange(size)), "float32")
        self.train_function = self.test_function = None

    def check_ready(self):
        """Refuse to estimate q(z) without what the estimator needs.

        Raises:
            ValueError: no dataset_size, or for "exact" no images, yet.
        """
        if not self.has_densities:
            return
        if self.estimator == "exact" and self._all_images is None:
            raise ValueError("estimator='exact' gets its images in fit(): call fit() first.")
        if self.estimator != "exact" and self.dataset_size is None:
            name = type(self).__name__
            raise ValueError(
                f"{name} needs the number of training images: fit the model first, or build it "
                f"with {name}(..., dataset_size=...). Received: dataset_size=None"
            )

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """As for every VAE; while it trains, the bank takes the batch's posteriors."""
        if self.bank is None or not training:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        outputs = self(x, training=training) if y_pred is None else y_pred
        loss = super().compute_loss(x, y, outputs, sample_weight, training)
        self.bank.remember(x, outputs["loc"], outputs["scale"], self.dataset_size)
        return loss

    def aggregate(self, x, outputs):
        """log q(z) and its marginals at the batch's codes, by the model's estimator.

        Args:
            x: images (batch, H, W, C).
            outputs: what `call` returned for them.

        Returns:
            A `kerasvae.estimators.AggregatePosterior`.
        """
        self.check_ready()
        if self.bank is not None:
            return aggregate_posterior_bank(
                *(outputs[name] for name in ("z", "loc", "scale")),
                *self.bank.entries(x, self.dataset_size),
                self.dataset_size,
            )
        source = outputs
        if self.estimator == "exact":
            source = self.encode(ops.convert_to_tensor(self._all_images))
        return aggregate_posterior(
            outputs["z"], source["loc"], source["scale"], self.estimator, self.dataset_size
        )

    def ranges(self):
        """{term: (smallest, largest)} that the exact quantities can have, in nats."""
        raise NotImplementedError("A model names the ranges() of its terms.")

    def watchers(self):
        """Says when an estimate shows what it cannot be; "exact" may miss by sampling alone."""
        if self.estimator == "exact" or not self.has_densities:
            return []
        if self.bank is not None:
            remedy = (
                f"A bank of at most {self.bank_size:,} posteriors is too small for this number, "
                "or not yet full: raise bank_size, or report "
                "kerasvae.surgery.decompose(model, images)."
            )
            return [SayImpossible(self.ranges, remedy)]
        remedy = (
            f"The gradient of estimator={self.estimator!r} serves training; its value is not a "
            "measurement: report kerasvae.surgery.decompose(model, images)."
        )
        return [SayImpossible(self.ranges, remedy)]

    def get_config(self):
        """Every argument of the constructor."""
        size = None if self._size_from_data else self.dataset_size
        config = {"estimator": self.estimator, "dataset_size": size, "bank_size": self.bank_size}
        return {**super().get_config(), **config}

    def save_own_variables(self, store):
        """Write the weights, and the number of images if it was taken from the data."""
        super().save_own_variables(store)
        if self._size_from_data and self.dataset_size is not None:
            store["dataset_size"] = np.asarray(self.dataset_size)

    def load_own_variables(self, store):
        """Read what `save_own_variables` wrote."""
        names = list(store.keys())
        if "dataset_size" in names:
            self.dataset_size = int(np.asarray(store["dataset_size"]))
        super().load_own_variables({name: store[name] for name in names if name != "dataset_size"})


def _checked_bank_size(estimator, bank_size):
    if estimator == BANK:
        return BANK_SIZE if bank_size is None else check_positive_int("bank_size", bank_size)
    if bank_size is not None:
        raise ValueError(
            "bank_size belongs to estimator='bank'. "
            f"Received: estimator={estimator!r}, bank_size={bank_size!r}"
        )
    return None
