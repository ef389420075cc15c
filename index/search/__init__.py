"""A query → what it may mean → the passages that answer it, ranked and judged."""
