"""TMF622 product ordering."""
