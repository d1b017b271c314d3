"""Encoders and decoders. They do not depend on objectives, and objectives do not depend on them."""
