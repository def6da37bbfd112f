"""The callers and their rights: token checks, principals, scopes, and a development authorization server."""
