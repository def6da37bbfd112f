"""For the people who run the product."""
