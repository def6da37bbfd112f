"""Customers belong to CRM; here they are references."""
