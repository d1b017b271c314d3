"""Effects of metadata on topics, with the uncertainty of the topics."""
