"""What anyunix is on this machine: its folders, its signals, what it reads, whom it leaves what to."""
