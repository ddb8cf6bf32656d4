"""chatkit: build a serverless chat room on Azure, cell by cell, with or without an Azure subscription."""

__version__ = "0.1.0"
