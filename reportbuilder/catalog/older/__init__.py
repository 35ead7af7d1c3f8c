"""Templates in the shapes of before: read, converted where that is safe, else refused with the reason."""
