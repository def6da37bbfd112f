"""TMF637 Product Inventory."""
