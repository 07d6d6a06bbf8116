"""Base images out of package mirrors, for machines that reach no image registry."""
