"""What is wrong with a machine, a subscription or a workshop, and what repairs it."""
