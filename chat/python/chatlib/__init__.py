"""The chat service in Python, in the same folders and under the same names as in C (chat/README.md)."""
