"""Synthetic submissions to problem set 4; tests/test_assignments.py says how they are read."""

STEP = """
class MyFactorVAE(kv.FactorVAE):
    def objective(self, terms):
        return vae_objective(terms, self.gamma)

    def discriminator_loss(self, x, training=True):
        z = CODES
        shuffled = kv.estimators.permute_dims(z, self.seed_generator)
        ratio = kv.estimators.log_density_ratio(self.discriminator(FIRST))
        shuffled_ratio = kv.estimators.log_density_ratio(self.discriminator(shuffled))
        terms = kv.estimators.discriminator_terms(ratio, shuffled_ratio)
        return ops.mean(terms["discriminator_loss"])
"""

MISTAKES = {
    # The numbers within each row are shuffled: dimensions are mixed up.
    "permute-dims": """
def permute_dims(z, generator):
    noise = keras.random.uniform(ops.shape(z), seed=generator)
    return ops.take_along_axis(ops.convert_to_tensor(z), ops.argsort(noise, axis=1), axis=1)
""",
    # The factor 1/2 is missing.
    "discriminator-loss": """
def discriminator_loss(logits, shuffled_logits):
    of_codes = -ops.mean(ops.log_softmax(logits, axis=1)[:, 0])
    return of_codes - ops.mean(ops.log_softmax(shuffled_logits, axis=1)[:, 1])
""",
    # The classes have changed places.
    "best-discriminator": """
def best_discriminator(log_q, log_product):
    return ops.sigmoid(log_product - log_q)
""",
    "estimate-tc": """
def estimate_tc(logits):
    return ops.mean(logits[:, 1] - logits[:, 0])
""",
    # The beta-TCVAE's way of counting: the whole weight of the total correlation.
    "vae-objective": """
def vae_objective(terms, gamma):
    return terms["reconstruction"] + terms["kl"] + (gamma - 1) * terms["total_correlation"]
""",
    # The leaking gradient.
    "step": STEP.replace("CODES", 'self(x, training=training)["z"]').replace("FIRST", "z"),
}

# Most of these pass the tests that students see.
SUBTLE_MISTAKES = {
    # One permutation for all columns: whole rows change places.
    "permute-dims": """
def permute_dims(z, generator):
    noise = keras.random.uniform((ops.shape(z)[0],), seed=generator)
    return ops.take(ops.convert_to_tensor(z), ops.argsort(noise), axis=0)
""",
    # A clipped softmax: sure and wrong costs 16 nats.
    "discriminator-loss": """
def discriminator_loss(logits, shuffled_logits):
    d = ops.clip(ops.softmax(logits, axis=1)[:, 0], 1e-7, 1 - 1e-7)
    shuffled_d = ops.clip(ops.softmax(shuffled_logits, axis=1)[:, 0], 1e-7, 1 - 1e-7)
    return -0.5 * (ops.mean(ops.log(d)) + ops.mean(ops.log(1 - shuffled_d)))
""",
    # Densities that round to 0.
    "best-discriminator": """
def best_discriminator(log_q, log_product):
    return ops.exp(log_q) / (ops.exp(log_q) + ops.exp(log_product))
""",
    # "A KL divergence is not negative": its mean is not, a log ratio may be.
    "estimate-tc": """
def estimate_tc(logits):
    return ops.mean(ops.relu(logits[:, 0] - logits[:, 1]))
""",
    # Gamma weighs the KL too: the same where gamma is 0.
    "vae-objective": """
def vae_objective(terms, gamma):
    total_correlation = terms["total_correlation"]
    return terms["reconstruction"] + (1 + gamma) * terms["kl"] + gamma * total_correlation
""",
    # Half a leak: only the codes are cut, not the shuffled ones.
    "step": STEP.replace("CODES", 'self(x, training=training)["z"]').replace(
        "FIRST", "ops.stop_gradient(z)"
    ),
    "written": "The codes are independent, since the discriminator cannot tell them apart.",
}

# The leak is a matter of gradients: the value of the loss is right, and earns its points.
SUBMISSIONS = {
    "mistakes": (
        MISTAKES,
        {
            "test-permute-columns": 0,
            "test-permute-independent": 0,
            "test-discriminator-loss": 0,
            "test-best-discriminator": 0,
            "test-estimate-tc": 0,
            "test-vae-objective": 0,
            "test-step-gradient": 0,
        },
    ),
    "subtle": (
        SUBTLE_MISTAKES,
        {
            "test-permute-independent": 0,
            "test-discriminator-loss-stable": 0,
            "test-best-discriminator": 0,
            "test-estimate-tc": 0,
            "test-vae-objective": 0,
            "test-step-gradient": 0,
        },
    ),
}
