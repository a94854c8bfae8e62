"""Pure builders of every object the operator makes."""
