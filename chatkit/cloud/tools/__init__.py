"""Other people's programs on the local cloud: the Azure CLI, and whatever reads variables."""
