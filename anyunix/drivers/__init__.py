"""The ways to reach a platform, one file or folder each; `registry` knows them by name."""
