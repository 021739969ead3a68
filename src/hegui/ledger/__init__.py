"""Evidence that needs no trust: a C2SP transparency log per tenant, and its verifier."""
