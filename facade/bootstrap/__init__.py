"""The composition root: the one package that sees the web edge and the adapters."""
