"""Use cases: the one way of everything that changes something, from a command to its committed result."""
