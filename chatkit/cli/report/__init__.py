"""What was sent to Azure, packed for people who compare it with the local cloud."""
