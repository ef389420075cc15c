"""One course's passages → what finds them: postings, vectors, words, terms; built, opened, verified."""
