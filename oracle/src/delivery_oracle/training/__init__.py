"""The extra `train`."""
