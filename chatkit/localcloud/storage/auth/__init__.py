"""Who may do what: shared key, signatures, bearer tokens."""
