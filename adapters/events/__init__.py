"""Brings recorded events to whoever follows them."""
