"""Registers of bodies that have no room of their own: one folder each, migrations and provider queries."""
