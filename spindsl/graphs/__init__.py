"""Which spins are coupled."""
