"""Sandboxes: a merchant's own, with goods, licences and orders to try things on (docs/sandbox.md). No tables."""
