"""What the lens shows of an answer, and how it is coloured: no widgets."""
