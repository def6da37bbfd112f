"""The web edge: contracts, security, TMF and portal APIs. May import canonical, never adapters."""
