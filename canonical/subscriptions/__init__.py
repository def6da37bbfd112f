"""Subscriptions belong to BSS; here they are read and their plans changed."""
