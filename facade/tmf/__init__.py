"""The TM Forum edge: one package for each API, and what they share."""
