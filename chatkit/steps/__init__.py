"""The tutorial's steps over one session, one module for a group of sections."""
