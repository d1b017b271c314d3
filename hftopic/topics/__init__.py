"""What models and analysis compute of trained topics: information, shares, repeats and names."""
