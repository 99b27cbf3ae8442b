"""Measurements, each as a ratio to a limit measured in the same run: `python -m bench launch|pages`. See docs/performance.md."""
