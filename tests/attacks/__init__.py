"""What somebody would try who wants to see a person in the trends."""
