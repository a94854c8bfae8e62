"""Types of delivery-operator: what everything else writes to and reads from."""
