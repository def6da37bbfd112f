"""The versions of what was agreed with each partner, and which of them is in force."""
