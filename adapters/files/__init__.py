"""Files of catalogs: those that we keep, and those that are fetched from addresses that the operator allows."""
