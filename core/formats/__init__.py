"""How days and times are written here, by language: what is not said is as Django writes it."""
