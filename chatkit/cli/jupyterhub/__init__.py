"""What chatkit does in a person's server on a JupyterHub."""
