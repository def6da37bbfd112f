"""The order: its states, its lines, what may be done to it and what happened to it."""
