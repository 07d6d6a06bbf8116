"""The chat server, part by part; chat/PROTOCOL.md is its contract."""
