"""Function apps that run on this machine, as Core Tools run them."""
