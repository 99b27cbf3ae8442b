"""The desk's pages for what is allowed: categories, licences and what belongs to them."""

from licensing.admin import approvals, articles, categories, royalties, statements
from licensing.admin.licence_form import LicenceForm
from licensing.admin.licences import LicenceAdmin

__all__ = ["LicenceAdmin", "LicenceForm", "approvals", "articles", "categories", "royalties", "statements"]
