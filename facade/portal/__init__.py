"""The canonical API: what the portal calls."""
