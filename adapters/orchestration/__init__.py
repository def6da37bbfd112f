"""Runs the processes of the core durably."""
