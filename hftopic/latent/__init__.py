"""Latent variables: groups of topics, their posterior and their prior."""
