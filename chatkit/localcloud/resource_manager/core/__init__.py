"""What every resource type stands on."""
