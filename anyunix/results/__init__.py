"""The typed results of a run, written and read again: all that analysis and reports are made from."""
