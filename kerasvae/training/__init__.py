"""How a model takes a training step on each backend, what watches over it, and populations."""

from kerasvae.training.population import fit_population

__all__ = ["fit_population"]
