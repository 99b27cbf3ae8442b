"""Products from merchants' files: Shopify's export, or any table through a mapping that the merchant writes."""
