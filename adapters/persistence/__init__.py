"""SQLAlchemy on SQLite (default) and PostgreSQL: the unit of work, the stores, and the reads."""
