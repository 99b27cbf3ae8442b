"""A merchant's products, written out: in the forms that come in, so that what goes out can come back."""
