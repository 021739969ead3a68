"""The Measures as data: what the law and the standards name, each with its source."""
