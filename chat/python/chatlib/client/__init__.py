"""The chat client, part by part; chat/PROTOCOL.md is its contract."""
