"""Runs hegui together with programs that others wrote: a model server, a reader of logs."""
