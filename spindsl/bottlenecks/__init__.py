"""Models that squeeze a configuration through few latent variables. One word a file."""
