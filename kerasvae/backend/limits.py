"""How far one training step may move a weight."""

# The square root of the largest float32. A gradient whose square overflows poisons Adam's state,
# and a longer step than this leaves weights whose squares do: neither is written.
MAX_UPDATE = 1.8e19
