"""Answers that combine the data of several systems."""
