"""Merged and dropped topics: which topics become one, and the network that describes those that are left."""
