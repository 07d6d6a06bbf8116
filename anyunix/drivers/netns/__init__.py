"""This machine inside private namespaces."""
