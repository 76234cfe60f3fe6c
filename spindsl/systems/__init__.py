"""Matter. One word a file; a word lowers to a stage that gives its couplings, or its recordings."""
