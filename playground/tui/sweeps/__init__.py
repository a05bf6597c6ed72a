"""What the sweep screen knows of a sweep, without anything that is drawn."""
