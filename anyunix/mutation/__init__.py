"""Proof that the contracts bite: deliberate faults (chat/faults/*.yaml), sown into copies, run, and judged."""
