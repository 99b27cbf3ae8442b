"""The demo: a slate of real films with artwork of our own, and what loads it."""
