"""Codes that a phone reads, and the page to project with one."""
