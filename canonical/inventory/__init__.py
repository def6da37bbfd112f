"""The installed base: what customers have, apart from what can be sold."""
