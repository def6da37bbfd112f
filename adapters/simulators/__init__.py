"""The five backends CRM, Inventory, BSS, Billing and SCM as one runnable server, with faults on demand.

They are served from their own contracts in `specs/backends/` and share one world, so an order charged in Billing is
shipped by SCM. `serve.serve` runs them; `app.build_app` gives the ASGI application.
"""
