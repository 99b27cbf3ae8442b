"""One settings module, read from the environment. Unsafe values are never defaults.

Every variable is described in docs/settings.md; a test compares the two.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
import structlog
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# -- the site ---------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
SITE_IS_HTTPS = SITE_URL.startswith("https://")

# The shop is closed for work: everything but the desk answers 503, "come again in so many seconds".
MAINTENANCE = env.int("MAINTENANCE", default=0)

# Part of every kept page's key: a new release begins with an empty cache.
RELEASE = env.str("RELEASE", default="1")

ROOT_URLCONF = "merchstore.urls"
WSGI_APPLICATION = "merchstore.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "core",
    "accounts",
    "films",
    "merchants",
    "licensing",
    "catalog",
    "campaigns",
    "orders",
    "fans",
    "insights",
    "sandboxes",
    "merchstore.storefront",
    "merchstore.api",
    "demo",
]

MIDDLEWARE = [
    "merchstore.middleware.request_id",
    "merchstore.middleware.permissions",
    "merchstore.middleware.readable",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "merchstore.storefront.maintenance.maintenance",
    "merchstore.middleware.PageCacheMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "merchstore.storefront.refusals.refusals",
    "merchstore.middleware.panel_language",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# -- where data lives -------------------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Without IMMEDIATE two writers that both began as readers lose one write to "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    # Indexes with further columns are PostgreSQL's; here they are the same without.
    SILENCED_SYSTEM_CHECKS = ["models.W040"]
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A large estimate makes the server compile a query to machine code, which takes seconds; no query here runs so long.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c jit=off"
    # The server plans a query that a connection asks again and again (core/prepared.py) once, not each time: left to
    # itself it goes on comparing, and planning a page's list takes longer than reading it.
    if env.bool("PREPARED_STATEMENTS", default=True):
        DATABASES["default"]["OPTIONS"] |= {
            "prepare_threshold": 5,
            "options": "-c jit=off -c plan_cache_mode=force_generic_plan",
        }

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            # A page does not wait for a cache that does not answer.
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Kept pages that each web process holds in its own memory, before it asks the cache.
NEAR_PAGES = env.int("NEAR_PAGES", default=500)

MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(BASE_DIR / "media")))
MEDIA_URL = "/media/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# What people upload is kept apart from what pages show: no address leads here (core/media.py).
UPLOAD_ROOT = Path(env.str("UPLOAD_ROOT", default=str(BASE_DIR / "uploads")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "private": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(UPLOAD_ROOT)}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or env.bool("PLAIN_STATIC", default=False)
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Product feeds are files written ahead of time, one per market and moment (campaigns/channels/google.py).
FEED_ROOT = Path(env.str("FEED_ROOT", default=str(BASE_DIR / "feeds")))

# -- mail -------------------------------------------------------------------------------------
# EMAIL_BACKEND, EMAIL_HOST and the like, out of one address.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 20
MAIL_DOMAIN = urlsplit(SITE_URL).hostname or "localhost"
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default=f"merchstore <no-reply@{MAIL_DOMAIN}>")

# -- background work --------------------------------------------------------------------------
BROKER_FOLDER = Path(env.str("BROKER_FOLDER", default=str(BASE_DIR / ".broker")))
CELERY_BROKER_URL = env.str("BROKER_URL", default=REDIS_URL or "filesystem://")
if CELERY_BROKER_URL.startswith("filesystem:"):
    for folder in ("queue", "done", "control"):
        (BROKER_FOLDER / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_FOLDER / "queue"),
        "data_folder_out": str(BROKER_FOLDER / "queue"),
        "control_folder": str(BROKER_FOLDER / "control"),
    }
else:
    # A task whose worker was killed is handed out again after this many seconds.
    # Who sends one does not wait for a broker that is away: beat finds the work again (core/jobs.py).
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 900, "socket_connect_timeout": 2, "socket_timeout": 10,
        "max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1,
    }  # fmt: skip
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_TIME_LIMIT = 1800
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "campaigns.stage_revision": {"queue": "staging"},
    "campaigns.push_channel": {"queue": "channels"},
    "campaigns.prepare_feeds": {"queue": "channels"},
    "catalog.process_images": {"queue": "images"},
    "catalog.run_import": {"queue": "imports"},
    "catalog.undo_import": {"queue": "imports"},
    "catalog.send_alerts": {"queue": "channels"},
    "catalog.tell_low_stock": {"queue": "channels"},
    "merchants.deliver_webhooks": {"queue": "webhooks"},
    "orders.ask_payments": {"queue": "orders"},
    "orders.close_payments": {"queue": "orders"},
    "orders.execute_refunds": {"queue": "orders"},
    "orders.expire_orders": {"queue": "orders"},
    "orders.forget_buyers": {"queue": "orders"},
    "orders.issue_documents": {"queue": "orders"},
    "orders.prune_baskets": {"queue": "orders"},
    "orders.reconcile_payments": {"queue": "orders"},
    "orders.run_sandbox": {"queue": "orders"},
    "orders.send_letters": {"queue": "orders"},
    "orders.tell_licensing": {"queue": "orders"},
}
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_BEAT_SCHEDULE_FILENAME = env.str("BEAT_SCHEDULE_FILE", default=str(BROKER_FOLDER / "beat-schedule"))
CELERY_BEAT_SCHEDULE = {
    "run-due": {"task": "campaigns.run_due", "schedule": 2.0, "options": {"expires": 10}},
    "resume-work": {"task": "campaigns.resume_work", "schedule": 15.0, "options": {"expires": 15}},
    "follow-shelf": {"task": "campaigns.follow_shelf", "schedule": 10.0, "options": {"expires": 10}},
    "catch-up-shelf": {"task": "catalog.catch_up_shelf", "schedule": 20.0, "options": {"expires": 20}},
    "reconcile-channels": {"task": "campaigns.reconcile_channels", "schedule": 300.0, "options": {"expires": 300}},
    "prepare-feeds": {"task": "campaigns.prepare_feeds", "schedule": 60.0, "options": {"expires": 60}},
    "process-images": {"task": "catalog.process_images", "schedule": 10.0, "options": {"expires": 10}},
    "sweep-images": {"task": "catalog.sweep_images", "schedule": 86400.0},
    "prune-shelf": {"task": "catalog.prune_shelf", "schedule": 86400.0},
    "tend-imports": {"task": "catalog.tend_imports", "schedule": 15.0, "options": {"expires": 15}},
    "send-alerts": {"task": "catalog.send_alerts", "schedule": 60.0, "options": {"expires": 60}},
    "tell-low-stock": {"task": "catalog.tell_low_stock", "schedule": 60.0, "options": {"expires": 60}},
    "tend-approvals": {"task": "licensing.tend_approvals", "schedule": 60.0, "options": {"expires": 60}},
    "prune-alerts": {"task": "catalog.prune_alerts", "schedule": 86400.0},
    "end-terms": {"task": "licensing.end_terms", "schedule": 600.0, "options": {"expires": 600}},
    "send-notices": {"task": "licensing.send_notices", "schedule": 600.0, "options": {"expires": 600}},
    "send-account-letters": {"task": "accounts.send_letters", "schedule": 60.0, "options": {"expires": 60}},
    "prune-account-letters": {"task": "accounts.prune_letters", "schedule": 86400.0},
    "remind-of-documents": {"task": "merchants.remind_of_documents", "schedule": 3600.0, "options": {"expires": 3600}},
    "send-events": {"task": "merchants.send_events", "schedule": 5.0, "options": {"expires": 5}},
    "deliver-webhooks": {"task": "merchants.deliver_webhooks", "schedule": 5.0, "options": {"expires": 5}},
    "prune-events": {"task": "merchants.prune_events", "schedule": 86400.0},
    "prune-idempotency": {"task": "merchants.prune_idempotency", "schedule": 3600.0},
    "execute-refunds": {"task": "orders.execute_refunds", "schedule": 30.0, "options": {"expires": 30}},
    "expire-orders": {"task": "orders.expire_orders", "schedule": 30.0, "options": {"expires": 30}},
    "ask-payments": {"task": "orders.ask_payments", "schedule": 20.0, "options": {"expires": 20}},
    "tell-late": {"task": "orders.run_sandbox", "schedule": 10.0, "options": {"expires": 10}},
    "reconcile-payments": {"task": "orders.reconcile_payments", "schedule": crontab(hour=3, minute=17)},
    "tell-news": {"task": "fans.tell_news", "schedule": 300.0, "options": {"expires": 300}},
    "tell-wishes": {"task": "fans.tell_wishes", "schedule": 300.0, "options": {"expires": 300}},
    "prune-follows": {"task": "fans.prune_follows", "schedule": 86400.0},
    "count-companions": {"task": "insights.count_companions", "schedule": crontab(hour=2, minute=41)},
    "forget-buyers": {"task": "orders.forget_buyers", "schedule": 86400.0},
    "prune-baskets": {"task": "orders.prune_baskets", "schedule": 86400.0},
    "send-letters": {"task": "orders.send_letters", "schedule": 60.0, "options": {"expires": 60}},
    "issue-documents": {"task": "orders.issue_documents", "schedule": 60.0, "options": {"expires": 60}},
    "tell-licensing": {"task": "orders.tell_licensing", "schedule": 60.0, "options": {"expires": 60}},
    "prepare-statements": {"task": "licensing.prepare_statements", "schedule": 3600.0, "options": {"expires": 3600}},
}

# -- orders -----------------------------------------------------------------------------------
# So long an order may be paid, and so long after that a notice on its way still finds everything held.
PAY_MINUTES = env.int("PAY_MINUTES", default=10)
PAY_GRACE_SECONDS = env.int("PAY_GRACE_SECONDS", default=120)
# So long after the last piece went, what a merchant is owed for it is paid out.
PAYOUT_DAYS = env.int("PAYOUT_DAYS", default=14)
# So many years after the year of an order it still says who bought: what the law on invoices asks for.
ORDER_KEEP_YEARS = env.int("ORDER_KEEP_YEARS", default=10)
# Which providers the shop uses (orders/payments/), in the order in which they are offered. Their keys come from here alone.
PAYMENT_PROVIDERS = env.list("PAYMENT_PROVIDERS", default=[])
SANDBOX_PRIVATE_KEY = env.str("SANDBOX_PRIVATE_KEY", default="")
ALIPAY_APP_ID = env.str("ALIPAY_APP_ID", default="")
ALIPAY_PRIVATE_KEY = env.str("ALIPAY_PRIVATE_KEY", default="")
ALIPAY_PUBLIC_KEY = env.str("ALIPAY_PUBLIC_KEY", default="")
ALIPAY_SELLER_ID = env.str("ALIPAY_SELLER_ID", default="")
ALIPAY_GATEWAY = env.str("ALIPAY_GATEWAY", default="https://openapi.alipay.com/gateway.do")
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_METHODS = env.list("STRIPE_METHODS", default=["auto"])
STRIPE_API = env.str("STRIPE_API", default="https://api.stripe.com")
# Who sells, as it stands on invoices; the lines of the address parted by semicolons.
SELLER_NAME = env.str("SELLER_NAME", default="merchstore")
SELLER_ADDRESS = env.str("SELLER_ADDRESS", default="")
SELLER_TAX_ID = env.str("SELLER_TAX_ID", default="")

# -- people, languages, time ------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
# django-allauth: passwords, passkeys, codes of authenticator apps, sessions (merchstore/panel/adapter.py).
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "merchstore.panel.adapter.Accounts"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
# So long after a sign-in, keys, members and bank data are changed without asking again.
RECENT_SIGN_IN_MINUTES = env.int("RECENT_SIGN_IN_MINUTES", default=15)
ACCOUNT_REAUTHENTICATION_TIMEOUT = max(RECENT_SIGN_IN_MINUTES, 1) * 60
# Owners and those who deal with money come in with a second step (docs/panel.md).
REQUIRE_MFA = env.bool("REQUIRE_MFA", default=True)
MFA_ADAPTER = "merchstore.panel.adapter.SecondSteps"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
# Browsers allow passkeys without https on this machine alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SITE_IS_HTTPS
USE_I18N = True
FORMAT_MODULE_PATH = "core.formats"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]

# -- security ---------------------------------------------------------------------------------
# Strict and without nonces, so that pages stay cacheable: no inline script or style anywhere.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_SSL_REDIRECT = SITE_IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if SITE_IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SITE_IS_HTTPS
SECURE_HSTS_PRELOAD = SITE_IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    # Only for a proxy that always sets (and never passes on) this header.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = SITE_IS_HTTPS
CSRF_COOKIE_SECURE = SITE_IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000


# -- the API ----------------------------------------------------------------------------------
def _rate(written: str) -> tuple[int, int]:
    """ "600/60": so many requests in so many seconds."""
    requests, _slash, seconds = written.partition("/")
    rate = int(requests), int(seconds)
    if min(rate) < 1:
        raise ValueError(f"not a rate: {written}")
    return rate


# What each key may ask, and apart from that, how many files and runs of goods it may start.
API_RATE = _rate(env.str("API_RATE", default="600/60"))
API_BULK_RATE = _rate(env.str("API_BULK_RATE", default="30/60"))
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "merchstore.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    # By `Accept` alone: `?format=` is a parameter like any other.
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "merchstore",
    "DESCRIPTION": "Films, licensed products, listings and campaigns of the film studio's shop.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "ImportRunStateEnum": "catalog.models.ImportRun.State",
        "LicenceStateEnum": "merchstore.api.own_serializers.LICENCE_STATES",
        "StatementStateEnum": "licensing.models.Statement.State",
        "ProductStateEnum": "catalog.models.Product.State",
        "ImageStateEnum": "catalog.models.Image.State",
        "ListingStateEnum": "campaigns.models.Listing.State",
        "CampaignStateEnum": "campaigns.models.Campaign.State",
        "CampaignPhaseEnum": "campaigns.models.Campaign.Phase",
        "OfferKindEnum": "catalog.models.Offer.Kind",
        "EntryStateEnum": "merchstore.api.campaign_serializers.ENTRY_STATES",
        "OrderStateEnum": "merchstore.api.order_serializers.ORDER_STATES",
        "ReturnStateEnum": "orders.models.Return.State",
        "ReturnReasonEnum": "orders.models.Return.Reason",
        "EventTypeEnum": "merchstore.api.webhook_serializers.EVENT_TYPES",
        "WebhookStateEnum": "merchants.models.WebhookEndpoint.State",
        "DeliveryStateEnum": "merchants.models.Delivery.State",
        "SubmissionStateEnum": "licensing.models.ArticleVersion.State",
        "RoundStateEnum": "licensing.models.Round.State",
        "ApprovalStageEnum": "licensing.approvals.tracks.Stage",
        "EvidenceKindEnum": "licensing.models.RoundFile.Kind",
        "SideEnum": "merchstore.api.submission_serializers.SIDES",
    },
}

# -- logs: one JSON line per event on standard output -----------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
            ],
            "processor": structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
