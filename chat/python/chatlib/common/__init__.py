"""What the chat server and the chat client share: command line, key, text."""
