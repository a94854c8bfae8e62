"""Takes the measurements that the oracle judges: it reads models, runs and tables, and judges nothing.

The worker of a delivery and the extra `delivery-oracle[train]` of a user's own run measure with the same code. It
knows the evidence types and the libraries of training; the oracle's judges do not import it, so that what judges a
model still shares no line with what reads it.
"""
