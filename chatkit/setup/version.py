"""The version of the kit: the one place that says it."""

VERSION = "0.2.0"
