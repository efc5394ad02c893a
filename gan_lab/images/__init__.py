"""Pictures: their pixels, colors and transforms, and how they are laid out for people."""
