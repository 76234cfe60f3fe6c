"""Models that give a configuration one site after another, so that its probability is known.

`models` states the verbs; `made`, `gru` and `pixelcnn` are architectures; `fitting` learns from observations,
`van` from an energy; `estimates` reads entropy and free energy off a model, with or without importance weights.
"""
