"""What was sent to Azure, packed for who compares it."""
