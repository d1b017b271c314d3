"""Documents in terms of topics: representative ones, words and their topics, labels and time."""
