"""Plays golden payloads against a running product, as its partners and its portal would."""
