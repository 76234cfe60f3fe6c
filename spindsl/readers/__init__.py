"""How recordings are read."""
