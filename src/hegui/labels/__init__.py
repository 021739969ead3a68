"""Article 12: labels on generated content, explicit and implicit."""
