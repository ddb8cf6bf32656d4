"""What Entra stands on: registrations, roles, permissions of Graph, the pages of sign-in."""
