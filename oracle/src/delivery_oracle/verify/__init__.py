"""Check a delivered artifact against its papers, from the registry alone: no cluster, no operator, no trust but one key.

This is an extra (`pip install delivery-oracle[verify]`) with a wall of its own: it reads registries and signatures, the
rest of the oracle does neither, and it shares no code with what signs.
"""
