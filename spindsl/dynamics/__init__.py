"""How matter moves. One word a file; a word names the rule of `kernels.rules` that it lowers to."""
