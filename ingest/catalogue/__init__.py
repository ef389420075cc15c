"""What lecturers publish → the plan of a course: README and folder as one tree, and the lectures in it."""
