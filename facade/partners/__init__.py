"""Partner profiles: the agreements with each partner, as data."""
