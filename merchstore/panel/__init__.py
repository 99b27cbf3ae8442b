"""The merchant panel: a merchant's people and their licensed business. No tables; services below do the work."""
