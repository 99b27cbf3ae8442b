"""Campaigns: what is promoted, where and when; their revisions, listings, channels, runs and due transitions."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from catalog.models import Market, Product, Promotion
from core.ids import public_id_field
from films.models import Film
from licensing.models import DistributionChannel
from merchants.models import Merchant


class Channel(models.Model):
    """Somebody's catalogue that listings go to. The adapter behind it is campaigns/channels/<adapter>.py."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    adapter = models.CharField(max_length=40)
    distribution = models.CharField(max_length=20, choices=DistributionChannel, default=DistributionChannel.OWN_SHOP)
    is_enabled = models.BooleanField(default=True)
    takes_merchants = models.BooleanField(default=True, help_text=_("Merchants may use it for campaigns of their own."))
    batch_size = models.PositiveIntegerField(default=500)
    batches_per_minute = models.PositiveIntegerField(default=0, help_text=_("0: no limit."))
    # The channel's own pace, or what it asked for with Retry-After: nothing is sent before.
    not_before = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Campaign(models.Model):
    """What a person edits. What is published is a revision: a frozen copy of these fields."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval")
        SCHEDULED = "scheduled", _("Scheduled")
        PAUSED = "paused", _("Paused")
        CANCELLED = "cancelled", _("Cancelled")
        ROLLED_BACK = "rolled_back", _("Rolled back")

    class Phase(models.TextChoices):
        """What the state means at an instant: the clock alone makes a scheduled campaign live and ends it."""

        DRAFT = "draft", _("Draft")
        AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval")
        STAGING = "staging", _("Staging")
        SCHEDULED = "scheduled", _("Scheduled")
        LIVE = "live", _("Live")
        ENDED = "ended", _("Ended")
        PAUSED = "paused", _("Paused")
        CANCELLED = "cancelled", _("Cancelled")
        ROLLED_BACK = "rolled_back", _("Rolled back")

    public_id = public_id_field("cmp")
    slug = models.SlugField(max_length=80, unique=True)
    name_en = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    film = models.ForeignKey(Film, null=True, blank=True, on_delete=models.PROTECT, related_name="campaigns")
    state = models.CharField(max_length=20, choices=State, default=State.DRAFT)
    # Whose own campaign it is; the studio's without one.
    merchant = models.ForeignKey(
        Merchant, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="campaigns"
    )
    # The merchant's own name for it: two merchants may use the same.
    own_slug = models.SlugField(max_length=60, blank=True, editable=False)
    invites_until = models.DateTimeField(
        null=True, blank=True, help_text=_("Until then merchants may offer goods of theirs. Blank: nobody is invited.")
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    time_zone = models.CharField(max_length=40, default="Asia/Shanghai")
    markets = models.ManyToManyField(Market, related_name="campaigns")
    channels = models.ManyToManyField(Channel, related_name="campaigns")
    # campaigns/rules.py says what these two documents may hold.
    rule = models.JSONField(default=dict)
    discount = models.JSONField(default=dict)
    priority = models.IntegerField(default=0)
    needs_approval = models.BooleanField(default=False)
    published = models.ForeignKey("Revision", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="campaigns")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="campaigns_campaign_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=models.Q(merchant=None, own_slug="")
                | (models.Q(merchant__isnull=False) & ~models.Q(own_slug="")),
                name="campaigns_campaign_own_is_named",
            ),
            models.UniqueConstraint(
                fields=["merchant", "own_slug"],
                condition=models.Q(merchant__isnull=False),
                name="campaigns_campaign_own_slug_once",
            ),
        ]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="campaigns_campaign_updated"),
            models.Index(
                fields=["merchant", "updated_at", "id"],
                condition=models.Q(merchant__isnull=False),
                name="campaigns_campaign_own",
            ),
        ]

    def __str__(self) -> str:
        return self.name_en

    def name_in(self, language: str) -> str:
        return (self.name_zh if language.startswith("zh") else "") or self.name_en

    def phase(self, at: datetime) -> "Campaign.Phase":
        """Where the campaign stands at `at`. Needs `published` loaded."""
        if self.state != self.State.SCHEDULED:
            return self.Phase(self.state)
        if self.published is None:
            return self.Phase.STAGING
        if at < self.published.starts_at:
            return self.Phase.SCHEDULED
        return self.Phase.LIVE if at < self.published.ends_at else self.Phase.ENDED


class Entry(models.Model):
    """A product that a merchant offers for the studio's campaign. Accepted, it is part of the campaign's next revision."""

    class State(models.TextChoices):
        OFFERED = "offered", _("Offered")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Taken back")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="entries")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="campaign_entries")
    state = models.CharField(max_length=10, choices=State, default=State.OFFERED)
    reason = models.CharField(max_length=300, blank=True, help_text=_("Why it was declined, for the merchant."))
    # Who moved it last, and when. The audit trail has the rest.
    by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "entries"
        constraints = [models.UniqueConstraint(fields=["campaign", "product"], name="campaigns_entry_once")]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.product}"


class Placement(models.Model):
    """Where the campaign is shown besides its goods. Copied into each revision."""

    class Slot(models.TextChoices):
        HOME_HERO = "home_hero", _("Top of the home page")
        FILM_TOP = "film_top", _("Top of the film's page")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="placements")
    slot = models.CharField(max_length=20, choices=Slot)
    headline_en = models.CharField(max_length=120)
    headline_zh = models.CharField(max_length=120, blank=True)
    lede_en = models.CharField(max_length=300, blank=True)
    lede_zh = models.CharField(max_length=300, blank=True)
    announced_at = models.DateTimeField(help_text=_("From here to the start it counts down."))

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["campaign", "slot"], name="campaigns_placement_once_per_slot")]

    def __str__(self) -> str:
        return f"{self.campaign} {self.slot}"


class Revision(models.Model):
    """A frozen version of a campaign: its document never changes, so going back to it is exact."""

    class State(models.TextChoices):
        AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval")
        STAGING = "staging", _("Staging")
        PUBLISHED = "published", _("Published")
        SUPERSEDED = "superseded", _("Superseded")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    digest = models.CharField(max_length=40)
    state = models.CharField(max_length=20, choices=State)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    promotion = models.OneToOneField(Promotion, on_delete=models.PROTECT, related_name="+")
    # The revision that was published when this one took over: where a rollback returns to.
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="campaigns_revision_number_once")]

    def __str__(self) -> str:
        return f"{self.campaign} {self.number}"


class StagedPage(models.Model):
    """One page of products that staging has written. What went in has this digest; the same again is nothing to do."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="pages")
    first_product_id = models.BigIntegerField()
    last_product_id = models.BigIntegerField()
    digest = models.CharField(max_length=40)
    listings = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()

    class Meta:
        ordering = ["first_product_id"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "first_product_id"], name="campaigns_staged_page_once")
        ]

    def __str__(self) -> str:
        return f"{self.revision}: {self.first_product_id}–{self.last_product_id}"


class Listing(models.Model):
    """A product, advertised by a campaign in one market through one channel.

    `digest` is what it says now, `acknowledged_digest` what the channel last took: they differ when there is
    something to send. The key of a send is the listing and the digest, so sending twice is sending once.
    """

    class State(models.TextChoices):
        STAGED = "staged", _("Waits for the launch")
        RETRY = "retry", _("To be sent again")
        SENT = "sent", _("Acknowledged")
        REFUSED = "refused", _("Refused by the channel")
        DEAD = "dead", _("Given up")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    public_id = models.CharField(max_length=24, unique=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="listings", db_index=False)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="listings")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="listings", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="listings", db_index=False)
    revision_number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.STAGED)
    is_wanted = models.BooleanField(default=True, help_text=_("False: to be taken down from the channel."))
    digest = models.CharField(max_length=32)
    acknowledged_digest = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "product", "market", "channel"], name="campaigns_listing_once")
        ]
        indexes = [models.Index(fields=["campaign", "channel", "state", "id"], name="campaigns_listing_work")]

    def __str__(self) -> str:
        return self.public_id


class SyncRun(models.Model):
    """Work in progress as a row: panel, desk and API show it, and a killed worker's successor goes on from it."""

    class Kind(models.TextChoices):
        STAGE = "stage", _("Staging")
        PUSH = "push", _("Push")
        REHEARSAL = "rehearsal", _("Rehearsal")
        ROLLBACK = "rollback", _("Rollback")
        VERIFY = "verify", _("Verification")
        RECONCILE = "reconcile", _("Reconciliation")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    public_id = public_id_field("run")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="runs")
    revision = models.ForeignKey(Revision, null=True, blank=True, on_delete=models.CASCADE, related_name="runs")
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    # The last product (staging) or listing (channels) that is finished; the next page begins after it.
    cursor = models.BigIntegerField(default=0)
    planned = models.PositiveIntegerField(default=0)
    staged = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    pushed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.campaign} {self.state}"


class Due(models.Model):
    """A transition that has to be told to the channels at an instant. The shelf does not wait for it."""

    class Kind(models.TextChoices):
        LAUNCH = "launch", _("Push every channel")
        VERIFY = "verify", _("See that it is visible")
        END = "end", _("Take down from the channels")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="due")
    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="due")
    kind = models.CharField(max_length=10, choices=Kind)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        verbose_name_plural = "due transitions"
        constraints = [models.UniqueConstraint(fields=["revision", "kind", "due_at"], name="campaigns_due_once")]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(done_at=None), name="campaigns_due_open")]

    def __str__(self) -> str:
        return f"{self.kind} {self.campaign} {self.due_at:%Y-%m-%dT%H:%M:%SZ}"
