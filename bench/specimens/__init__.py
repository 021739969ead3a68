"""A test set of personal data made from the kinds' own specifications, not from our patterns."""
