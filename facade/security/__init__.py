"""Who calls and what they may do: token checks, principals, scopes, and a development authorization server."""
