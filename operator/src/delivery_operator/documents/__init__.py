"""What a customer keeps: the model card, the certificate and the bill."""
