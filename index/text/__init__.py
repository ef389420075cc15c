"""Text → words, terms, sounds, and stretches to show."""
