"""Local App Service Authentication in front of a deployed function app."""
