"""Makes the environment the kit runs in. Standard library only."""
