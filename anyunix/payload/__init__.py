"""What travels to a platform, and how commands are run with it there."""
