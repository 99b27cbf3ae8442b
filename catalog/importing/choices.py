"""What a product may be, without the models: files are read in a process that has no Django application (reader.py)."""

ACTIVE, DRAFT, ARCHIVED = "active", "draft", "archived"
STATES = frozenset({ACTIVE, DRAFT, ARCHIVED})
LISTINGS = frozenset({"open", "campaign"})
REVEALS = frozenset({"title", "logo", "characters", "plot"})
TAX_CLASSES = frozenset({"standard", "reduced", "zero"})
