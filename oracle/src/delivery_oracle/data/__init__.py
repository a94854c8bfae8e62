"""Data with sources: accelerator classes as the chart ships them, and the shapes of well-known bases."""
