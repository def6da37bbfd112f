"""The domain core: orders, catalogue and processes in our own words. Imports itself and the standard library."""
