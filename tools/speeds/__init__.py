"""What tools/speed.py measures with: two versions, what is run with them, and the tables of docs/speed.md."""
