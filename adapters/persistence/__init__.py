"""SQLAlchemy on SQLite (default) and PostgreSQL: the unit of work, what it keeps, and the reads."""
