"""Measures the product against plain baselines in the same run: `python -m tests.bench`."""
