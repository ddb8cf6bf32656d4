"""The processes of a home: which run, which answers at a port, and what names one that moved."""
