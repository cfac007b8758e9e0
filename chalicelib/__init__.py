"""Gatecall: flight status in, everything that follows from it out."""

__version__ = "0.1.0"
