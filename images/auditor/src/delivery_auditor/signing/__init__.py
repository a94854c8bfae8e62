"""What makes a delivery checkable by a stranger: signature, provenance, bill of materials and certificate."""
