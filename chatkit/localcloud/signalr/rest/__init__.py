"""The data-plane REST API."""
