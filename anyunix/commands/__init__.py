"""The commands, one file each: arguments in, exit status out."""
