"""What every request meets: correlation, the request guard, threads, paging, conditions, JSON, errors."""
