"""What hegui itself can see in a text: patterns with their checks, and lexicons."""
