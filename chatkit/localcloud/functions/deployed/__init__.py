"""Deployed function apps: packages, builds, sites, SCM."""
