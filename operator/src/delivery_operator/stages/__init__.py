"""One file a stage, one `decide` a file. No clock, no I/O, and no stage knows another."""
