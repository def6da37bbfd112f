"""What is agreed with each partner, as data."""
