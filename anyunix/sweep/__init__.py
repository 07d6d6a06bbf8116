"""Every call of a server answered with each error that some system documents, one at a time."""
