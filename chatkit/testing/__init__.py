"""What the tests of others need of the kit."""
