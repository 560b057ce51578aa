"""Synthetic submissions to problem set 1; tests/test_assignments.py says how they are read."""

MODEL = """
class BetaVAE(keras.Model):
    def __init__(self, encoder, decoder, beta=1.0):
        super().__init__()
        self.encoder, self.decoder, self.beta = encoder, decoder, beta
        self.noise = keras.random.SeedGenerator(0)

    def call(self, x):
        loc, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        noise = keras.random.normal(ops.shape(loc), seed=self.noise)
        logits = self.decoder(draw(loc, log_variance, noise))
        return {"loc": loc, "log_variance": log_variance, "logits": logits}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction = -log_likelihood(x, y_pred["logits"])
        kl = kl_closed_form(y_pred["loc"], y_pred["log_variance"])
        return LOSS
"""

# Each of these fails a test that students see.
MISTAKES = {
    # The mean over pixels in place of the sum.
    "log-likelihood": """
def log_likelihood(x, logits):
    return ops.mean(x * logits - ops.softplus(logits), axis=(1, 2, 3))
""",
    # The variance in place of the standard deviation.
    "draw": """
def draw(loc, log_variance, noise):
    return loc + ops.exp(log_variance) * noise
""",
    # The mean over latent dimensions in place of the sum.
    "kl-closed-form": """
def kl_closed_form(loc, log_variance):
    return 0.5 * ops.mean(ops.exp(log_variance) + loc**2 - 1 - log_variance, axis=-1)
""",
    # The posterior's normaliser is missing.
    "kl-draws": """
def kl_draws(loc, log_variance, z):
    log_q = -0.5 * (z - loc) ** 2 / ops.exp(log_variance)
    return ops.sum(log_q + 0.5 * z**2, axis=-1)
""",
    # The test that would show a mistake is made to pass.
    "test-draw": "pass",
    # Only the loss of each image, not of the batch.
    "compute-loss": MODEL.replace("LOSS", "reconstruction + self.beta * kl"),
    # Keys of its own.
    "measure": """
def measure(model, images):
    terms = model.terms(images, model(images))
    return {name: float(ops.mean(value)) for name, value in terms.items()}
""",
}

# Each of these passes the tests that students see.
SUBTLE_MISTAKES = {
    # A clipped probability: finite, but a wrong guess costs at most 16 nats a pixel.
    "log-likelihood": """
def log_likelihood(x, logits):
    p = ops.clip(ops.sigmoid(logits), 1e-7, 1 - 1e-7)
    return ops.sum(x * ops.log(p) + (1 - x) * ops.log(1 - p), axis=(1, 2, 3))
""",
    # The standard deviation in place of the variance: the same where both are 1.
    "kl-closed-form": """
def kl_closed_form(loc, log_variance):
    scale = ops.exp(0.5 * log_variance)
    return 0.5 * ops.sum(scale + loc**2 - 1 - log_variance, axis=-1)
""",
    # Beta weighs the reconstruction too: the same where beta is 1.
    "compute-loss": MODEL.replace("LOSS", "self.beta * ops.mean(reconstruction + kl)"),
    # Beta inside the ELBO.
    "measure": """
def measure(model, images):
    terms = model.terms(images, model(images))
    means = {name: float(ops.mean(value)) for name, value in terms.items()}
    return {**means, "negative_elbo": float(ops.mean(model.objective(terms)))}
""",
    "written": "The script's beta is 1, as it says.",
    # A test is deleted: it earns nothing, and the teacher is asked to look.
    "test-draw": None,
}

SUBMISSIONS = {
    "mistakes": (
        MISTAKES,
        {
            "test-log-likelihood": 0,
            "test-draw": 0,
            "test-kl-closed-form": 0,
            "test-kl-draws": 0,
            "test-compute-loss": 0,
            "test-beta": 0,
            "test-measure": 0,
        },
    ),
    "subtle": (
        SUBTLE_MISTAKES,
        {
            "test-log-likelihood-stable": 0,
            "test-draw": None,
            "test-kl-closed-form": 0,
            "test-beta": 0,
            "test-measure": 0,
        },
    ),
}
