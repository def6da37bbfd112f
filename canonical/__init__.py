"""The domain core: orders, catalog and processes in our own words. Imports itself and the standard library."""
