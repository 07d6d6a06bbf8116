"""Building a C subject here for systems that are not here, and proving what the results are."""
