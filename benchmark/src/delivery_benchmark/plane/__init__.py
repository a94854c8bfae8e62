"""The plane of a trial: a real control plane, the real operator and gate, and a replayer for the workers."""
