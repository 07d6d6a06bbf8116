"""Cells run: from subjects and platforms to a judged matrix."""
