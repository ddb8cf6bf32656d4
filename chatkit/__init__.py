"""chatkit: build a serverless chat room on Azure, cell by cell, with or without an Azure subscription."""

from __future__ import annotations

__version__ = "0.1.0"
