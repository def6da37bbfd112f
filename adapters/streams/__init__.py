"""Adapters to streaming platforms. Each needs a library that is an extra of the package."""
