"""Text → vectors: the bundled table, models, and a reranker."""
