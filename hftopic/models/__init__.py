"""The estimators: fitting, what a fitted model answers, and its files."""
