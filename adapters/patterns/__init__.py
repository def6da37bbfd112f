"""Regular expressions that others wrote, matched in time linear to the text (RE2)."""
