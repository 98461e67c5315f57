"""A nation in miniature: institutions, and synthetic residents whom nobody could mistake for real people."""
