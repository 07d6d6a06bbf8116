"""Virtual machines that Vagrant starts once and keeps for the next run."""
