"""The independent judge: reads recorded evidence, recomputes every claim, never touches a model.

Everything below is a pure function of its arguments; only `cli` reads files.
"""
