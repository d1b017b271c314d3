"""Model selection: comparison of settings and seeds, stability, and scorers for scikit-learn searches."""
