"""What does a review say? One object: its figures, its tables, its findings, and what of earlier ones is open."""
