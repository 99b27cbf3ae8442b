"""What every import of a file shares: reading it, cleaning its text, and reporting what became of each row."""
