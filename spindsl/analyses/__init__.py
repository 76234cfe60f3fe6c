"""Questions asked of matter, or of what a bottleneck kept of it. One word a file."""
