"""Who is told about what happens: a record for those who register, keep and deliver."""
