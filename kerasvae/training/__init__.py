"""How a model takes a training step on each backend, and what watches over it."""
