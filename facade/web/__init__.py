"""The parts that every request passes: correlation, the request guard, threads, paging, conditions, JSON, errors."""
