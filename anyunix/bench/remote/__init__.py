"""What runs on the platform that is measured: the standard library only, started as `python3 -m remote.task`."""
