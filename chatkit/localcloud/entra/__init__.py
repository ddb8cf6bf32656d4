"""Local Microsoft Entra ID: discovery, keys, sign-in and tokens."""
