"""The demo: what a first-time user runs, and the data it runs on."""
