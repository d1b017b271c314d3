"""The estimators: fitting, inference with a fitted model, and saving and loading."""
