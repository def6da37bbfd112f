"""TMF620 product catalog: categories."""
