"""What is wrong in a catalog, although each of its items can be stored: found before a customer finds it."""
