"""Signals between the operating system processes that share a database."""
