"""The systems that belong to others, called over HTTP. `registry.connect` gives the ports."""
