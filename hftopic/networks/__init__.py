"""Encoders and decoders. They know no objective, and no objective knows them."""
