"""Words for spindsl, one a file."""
