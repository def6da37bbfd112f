"""Use cases: the one path of every change, from a command to its committed result."""
