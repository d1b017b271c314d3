"""Choosing a model: comparisons of settings and seeds, stability, scorers for scikit-learn's searches."""
