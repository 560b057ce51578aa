"""The only place that knows which backend Keras runs on."""
