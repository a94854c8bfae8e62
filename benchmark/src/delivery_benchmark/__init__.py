"""The benchmark: an agent in the delivery engineer's seat, scored by the same oracle that judges deliveries."""
