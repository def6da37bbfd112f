"""Who is told about what happens. The record is shared by those who register, keep and deliver; what it asks for is the
edge's matter."""
