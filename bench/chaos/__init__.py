"""Everything that can die dies at random while work goes on; afterwards the books must balance."""
