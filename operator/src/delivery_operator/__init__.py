"""The operator: carries a Delivery through ten governed stages."""
