"""One matrix on many machines: planned, run in parts that know nothing of each other, put together."""
