"""The contracts we publish: how they are made, loaded, and held against every request and answer.

Knows OpenAPI, JSON Schema and TM Forum's `@type`; nothing of orders, backends or the canonical core.
"""
