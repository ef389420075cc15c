"""What lecturers publish → the plan of a course: the README and its folder as one tree, and the lectures that it falls into."""
