"""The resource engine: serves whatever resources an API declares, in both versions of TM Forum's contract."""
