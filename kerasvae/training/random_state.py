"""Keep the state of the random draws in the saved file, so that a loaded run goes on the same."""


class SavedSeed:
    """Saves and loads `self.seed_generator` with the weights; Keras 3.15 leaves it out.

    To be placed before keras.layers.Layer or keras.Model among the base classes.
    """

    def save_own_variables(self, store):
        """Write the weights and the state of the draws."""
        super().save_own_variables(store)
        store["seed_generator"] = self.seed_generator.state

    def load_own_variables(self, store):
        """Read what `save_own_variables` wrote."""
        self.seed_generator.state.assign(store["seed_generator"])
        super().load_own_variables(
            {name: store[name] for name in store.keys() if name != "seed_generator"}  # noqa: SIM118
        )
