"""The types of the parts of request bodies, from Azure's schemas."""
