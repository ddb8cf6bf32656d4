"""What an account holds, and how it is kept."""
