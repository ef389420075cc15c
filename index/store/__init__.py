"""What is known, as SQL rows: the only rooms that query the database."""
