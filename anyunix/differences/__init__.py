"""Which Unix would break a server: every known difference switched on for it, alone and all of a system together."""
