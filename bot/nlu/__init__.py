"""What a message is recognised as."""
