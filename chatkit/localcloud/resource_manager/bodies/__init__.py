"""Of which types the parts of requests are, as Azure's schemas have them."""
