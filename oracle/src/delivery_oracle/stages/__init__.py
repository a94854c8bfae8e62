"""One file per stage, one `judge` per file. A judge looks at its own stage only: one wrong stage does not fail the next."""
