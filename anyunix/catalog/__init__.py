"""The files that people write (platforms, subjects), read into typed values."""
