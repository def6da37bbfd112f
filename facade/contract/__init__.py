"""The contracts we publish: preparing, loading, and checking every request and answer against them.

Knows OpenAPI, JSON Schema and TM Forum's `@type`, but nothing about orders, backends or the canonical core.
"""
