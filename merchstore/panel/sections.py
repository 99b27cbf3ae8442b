"""The panel's sections, as its navigation shows them: a section is a line here."""

from django.utils.translation import gettext_lazy as _

from merchants.models import Member

Role = Member.Role
_ALL = frozenset(Role.values)
_OWNER = frozenset({Role.OWNER.value})
_FINANCE = frozenset({Role.OWNER.value, Role.FINANCE.value, Role.READ_ONLY.value})

#: In order: group, name of the route, label, who may open it. A page says in `section` which one it is part of.
SECTIONS = (
    ("goods", "home", _("Dashboard"), _ALL),
    ("goods", "products", _("Products"), _ALL),
    ("goods", "rights", _("Rights"), _ALL),
    ("goods", "approvals", _("Approvals"), _ALL),
    ("goods", "campaigns", _("Campaigns"), _ALL),
    ("goods", "orders", _("Orders"), _ALL),
    ("goods", "reviews", _("Reviews"), _ALL),
    ("goods", "imports", _("Imports"), _ALL),
    ("goods", "statements", _("Royalty statements"), _FINANCE),
    ("goods", "payouts", _("Payouts"), _FINANCE),
    ("account", "keys", _("API keys"), _OWNER),
    ("account", "webhooks", _("Webhooks"), _OWNER),
    ("account", "checklist", _("Checklist"), _ALL),
    ("account", "members", _("Members"), _OWNER),
    ("account", "audit", _("Who did what"), _OWNER),
)

#: What there is of a merchant that is not approved yet.
BEFORE_APPROVAL = frozenset({"checklist", "members"})
