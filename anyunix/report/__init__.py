"""The same typed results for different readers: a terminal, programs (JSON, JUnit)."""
