"""What every service of the local cloud stands on."""
