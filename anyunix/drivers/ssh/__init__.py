"""Other machines, reached with OpenSSH's client."""
