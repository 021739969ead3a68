"""Runs hegui in front of a third-party server that speaks the OpenAI API."""
