"""`anyunix lint`: the files that people write, checked without running anything."""
