"""Runs that train and do not learn, reproduced on a real base: `make tbdl`, see docs/reference/tbdl.md."""
