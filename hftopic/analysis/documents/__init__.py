"""Topics of documents: representative documents, contributions to words, topics by label and over time."""
