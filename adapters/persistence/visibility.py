"""Which versions are there: those of an import under way are not, until it ends; and which are found when."""

import sqlalchemy as sa

from adapters.persistence.tables import documents, imports


def is_visible() -> sa.ColumnElement[bool]:
    """For rows of `documents` of a kind that has versions; of other kinds nothing is ever imported."""
    under_way = sa.select(imports.c.job).where(imports.c.job == documents.c.staged_by).exists()
    return sa.or_(documents.c.staged_by.is_(None), sa.not_(under_way))


def shown_at(at: sa.ColumnElement[str]) -> tuple[sa.ColumnElement[bool], ...]:
    """The versions that their references lead to at a moment."""
    until = documents.c.shown_until
    return documents.c.shown_from <= at, sa.or_(until.is_(None), until > at)
