"""What bots know: reading documents, cutting and embedding them, finding passages."""
