"""Sign-in in front of what runs on this machine: its registration in Entra, and its sessions."""
