"""`kubectl delivery`: how a delivery stands, why it waits, what an approval would approve, and what it costs."""
