"""What the probes share: deadlines, child processes, sockets, the subject under test."""
