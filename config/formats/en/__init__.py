"""The formats of English, by module as Django looks for them."""
