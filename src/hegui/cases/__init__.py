"""Cases that run against a clock. Pure: what is known goes in, what is due comes out."""
