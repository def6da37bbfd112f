"""Payloads translated again, with nothing carried out: what a change of a profile or of the product would change."""
