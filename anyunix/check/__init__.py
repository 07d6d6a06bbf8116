"""A server that runs somewhere, examined from outside: who is served, and how those are turned away who are not."""
