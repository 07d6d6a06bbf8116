"""Containers, one per cell, through the Docker engine."""
