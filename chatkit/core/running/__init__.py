"""The processes of a home: which run, which answers at a port, how an interrupt ends them."""
