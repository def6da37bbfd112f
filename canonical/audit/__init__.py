"""Who sent what, how it was translated, what was answered."""
