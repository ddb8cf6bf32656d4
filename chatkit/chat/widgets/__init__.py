"""Widgets that panel and inspector share."""
