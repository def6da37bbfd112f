"""Payloads of partners that agreed to it, kept for a replay: masked before they are written."""
