"""The statistics that decide: each file is one method, its null stated in its docstring."""
