"""How strongly spins are coupled."""
