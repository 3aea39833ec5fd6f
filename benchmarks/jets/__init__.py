"""Models of collisions: vectors, planes and tags, beside what others do with the same events."""
