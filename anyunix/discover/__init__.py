"""A server that nobody has described yet: started once, looked at, and written down as a subject file."""
