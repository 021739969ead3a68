"""The door for requests: an OpenAI-compatible server in front of any model."""
