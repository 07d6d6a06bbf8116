"""A server that runs somewhere, looked at from outside: who is served, and how those are turned away who are not."""
