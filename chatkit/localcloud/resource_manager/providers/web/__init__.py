"""Microsoft.Web: plans, function apps and everything under them."""
