"""C subjects built on this machine for other systems and CPUs, and the proof of what was built."""
