"""The wire inspector: what a panel's users send and receive, as it happens, without secrets."""
