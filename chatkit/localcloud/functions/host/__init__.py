"""The function host: indexing, bindings, invocations."""
