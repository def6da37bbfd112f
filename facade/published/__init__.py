"""The contracts as integrators read them: with examples, as JSON, YAML and a Postman collection, and as pages."""
