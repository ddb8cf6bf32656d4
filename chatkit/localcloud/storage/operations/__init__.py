"""The operations of the Blob service."""
