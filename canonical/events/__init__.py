"""The stream of events: everything that happened, numbered in one sequence, for whoever follows it."""
