"""The only place that builds things from settings."""
