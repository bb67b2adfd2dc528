"""Bills, as providers write them."""
