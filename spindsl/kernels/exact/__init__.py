"""What is known exactly of lattices: the truth that sampled and learned results are held against."""
