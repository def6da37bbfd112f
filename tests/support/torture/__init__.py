"""The product under random faults of all kinds at once, and a judgement of what is left when they are over.

    report = torture(directory, Torment(seconds=60, seed=7))
    assert report.wrong == []

`faults` draws the faults from a seed and makes them, `world` is what they happen to, `clients` and `operators` are the
people who go on working meanwhile and note every answer (`notes`), `judgement` holds what the product says in the end
against `truth`: what the backends did.
"""

from tests.support.torture.run import Report, Torment, torture

__all__ = ["Report", "Torment", "torture"]
