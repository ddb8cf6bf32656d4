"""The local cloud: one process on this machine that speaks the Azure protocols the tutorial needs."""
