"""One TOML file, read into frozen values; every problem at once, each with its line."""
