"""What `make` runs: plain Python, standard library only, because it runs before anything is installed."""
