"""Mutation testing: deliberate faults (chat/faults/*.yaml) in copies of servers, and the contracts that catch them."""
