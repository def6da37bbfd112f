"""Answers put together from what several owners know."""
