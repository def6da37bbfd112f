"""What can be sold, for how much, and in which version."""
