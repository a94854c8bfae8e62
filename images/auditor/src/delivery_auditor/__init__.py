"""The auditor: reads a delivery's data before anything is trained, and asks the served endpoint at the end. No torch."""
