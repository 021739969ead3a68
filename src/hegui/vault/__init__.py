"""Content that can be erased: sealed under a key per subject, wrapped by an epoch key."""
