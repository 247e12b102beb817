"""Settings, all from the environment. `manage.py up` fills in what an embedded installation needs."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, *, default: bool) -> bool:
    value = env(name).lower()
    if value in {"", "0", "1", "true", "false", "yes", "no"}:
        return default if not value else value in {"1", "true", "yes"}
    raise ImproperlyConfigured(f"{name} is {value!r}: set it to 1 or 0.")


def database(url: str) -> dict[str, Any]:
    """A Django database from `postgresql://user:password@host:port/name?host=/socket/dir`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must start with postgresql:// - Deadwax keeps its ledger in PostgreSQL."
        )
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    pooled = env_bool("DEADWAX_DATABASE_POOL", default=False)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": options.pop("port", None) or str(parts.port or ""),
        # Under ASGI each request has its own thread: a connection kept by a thread would serve one request only.
        "CONN_MAX_AGE": 0 if pooled else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "pool": {"min_size": 1, "max_size": 16, "timeout": 10}} if pooled else options,
    }


# -- installation ------------------------------------------------------------------------------------------------------
DEADWAX_DATA = Path(env("DEADWAX_DATA") or BASE_DIR / ".deadwax").resolve()
DEADWAX_STORAGE = env("DEADWAX_STORAGE") or f"file://{DEADWAX_DATA / 'blobs'}"
DEADWAX_BASE_URL = env("DEADWAX_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
#: Name of the log in its checkpoints (C2SP tlog-checkpoint, origin line). Must never change once entries exist.
DEADWAX_LOG_ORIGIN = env("DEADWAX_LOG_ORIGIN", "deadwax.invalid/ledger")
#: TOML file with timestamp authorities, witnesses and copies; else outside.toml in the data folder, if it is there.
DEADWAX_OUTSIDE = Path(env("DEADWAX_OUTSIDE")).resolve() if env("DEADWAX_OUTSIDE") else None
#: What signs audio (C2PA): a chain and key in PEM, or a chain and a program that signs. Neither: the trial authority.
DEADWAX_C2PA_CERT = Path(env("DEADWAX_C2PA_CERT")) if env("DEADWAX_C2PA_CERT") else None
DEADWAX_C2PA_KEY = Path(env("DEADWAX_C2PA_KEY")) if env("DEADWAX_C2PA_KEY") else None
DEADWAX_C2PA_SIGNER = env("DEADWAX_C2PA_SIGNER")
#: Folder of roots (PEM) whose credentials are trusted in files from outside; those of time authorities in timestamps/.
DEADWAX_C2PA_TRUST = Path(env("DEADWAX_C2PA_TRUST")) if env("DEADWAX_C2PA_TRUST") else None
#: Receipts promise that an entry stands in the log so many seconds later. It takes a tenth of one.
DEADWAX_MERGE_DELAY_S = int(env("DEADWAX_MERGE_DELAY_S", "3600"))
DEADWAX_MODELS_DIR = Path(env("DEADWAX_MODELS_DIR") or DEADWAX_DATA / "models")
DDEX_SCHEMA_DIR = Path(env("DDEX_SCHEMA_DIR")) if env("DDEX_SCHEMA_DIR") else None
DEADWAX_UPLOAD_LIMIT_BYTES = int(env("DEADWAX_UPLOAD_LIMIT_BYTES", str(2 * 1024**3)))

DEBUG = env_bool("DEADWAX_DEBUG", default=False)
ALLOWED_HOSTS = env("DEADWAX_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in env("DEADWAX_TRUSTED_ORIGINS").split(",") if origin]


def secret_key() -> str:
    """The key from the environment, else one that is made once and kept in the data folder."""
    if given := env("DEADWAX_SECRET_KEY"):
        return given
    path = DEADWAX_DATA / "keys" / "django-secret"
    if not path.exists():
        import secrets

        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(50))
        except FileExistsError:
            pass  # another process made it first
    return path.read_text()


SECRET_KEY = secret_key()

# -- Django ------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "label",
    "release",
    "generation",
    "artists",
    "provenance",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "knox",
    "rest_framework",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "label.middleware.RefuseNulMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "label.middleware.ReceiptMiddleware",
]
ROOT_URLCONF = "label.urls"
ASGI_APPLICATION = "label.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "label.context.shell",
            ],
        },
    }
]
DATABASES = {"default": database(env("DATABASE_URL") or "postgresql:///deadwax")}
#: Who owns the tables, for migrations alone (provenance.databases). None: one role does everything.
DATABASE_OWNER = database(env("DATABASE_OWNER_URL")) if env("DATABASE_OWNER_URL") else None
DATABASE_APP_ROLE = env("DEADWAX_DATABASE_APP_ROLE")
if DATABASE_OWNER is not None:
    DATABASE_OWNER["OPTIONS"] = {k: v for k, v in DATABASE_OWNER["OPTIONS"].items() if k != "pool"}
    if DATABASE_OWNER["USER"] != DATABASES["default"]["USER"]:
        DATABASE_APP_ROLE = DATABASE_APP_ROLE or str(DATABASES["default"]["USER"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "artists.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "artists:login"
LOGIN_REDIRECT_URL = "label:today"
LOGOUT_REDIRECT_URL = "artists:login"
#: Ten wrong passwords for one account from one address lock it there for a quarter of an hour.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = dt.timedelta(minutes=15)
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "label.lockout.locked"
AXES_VERBOSE = False

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = DEADWAX_BASE_URL.startswith("https://")
SECURE_SSL_REDIRECT = env_bool("DEADWAX_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = int(env("DEADWAX_HSTS_SECONDS", "0"))
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if DEADWAX_BASE_URL.startswith("https://") else None
)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = Path(env("DEADWAX_STATIC_ROOT") or DEADWAX_DATA / "static")
STATICFILES_DIRS: list[Path] = []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Not the manifest storage: Vite names its files by content already, and a second hash gives a module two addresses.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
#: Vite puts a hash of the content into these names.
WHITENOISE_IMMUTABLE_FILE_TEST = r"/build/assets/.+-[\w-]{8}\.\w+$"
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

EMAIL_BACKEND = env("DEADWAX_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
DEFAULT_FROM_EMAIL = env("DEADWAX_FROM_EMAIL", "deadwax@localhost")
EMAIL_HOST = env("DEADWAX_EMAIL_HOST", "localhost")
EMAIL_PORT = int(env("DEADWAX_EMAIL_PORT", "25"))
EMAIL_HOST_USER = env("DEADWAX_EMAIL_USER")
EMAIL_HOST_PASSWORD = env("DEADWAX_EMAIL_PASSWORD")
EMAIL_USE_TLS = env_bool("DEADWAX_EMAIL_TLS", default=False)
EMAIL_TIMEOUT = 20

# -- API ---------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "label.api.parsers.StrictJSONParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "label.api.errors.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Deadwax",
    "DESCRIPTION": "From a brief to a release package whose labels come from the ledger.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "AgreementKindEnum": "artists.models.agreement.Agreement.Kind",
        "AgreementStatusEnum": "artists.models.agreement.Agreement.Status",
        "ArtistStatusEnum": "artists.models.artist.Artist.Status",
        "ConsentKindEnum": "artists.models.consent.Consent.Kind",
        "AnswerOutcomeEnum": "artists.models.anr_rules.AnswerTemplate.Outcome",
        "OptionOutcomeEnum": "artists.models.agreement.OUTCOMES",
        "GivenKindEnum": "generation.models.run.RunInput.Kind",
        "ReplayVerdictEnum": "generation.models.run.TakeReplay.Verdict",
        "ShareRoleEnum": "artists.share_roles.SHARE_CHOICES",
        "SubmissionStageEnum": "artists.models.anr.Submission.Stage",
        "TermsAnswerEnum": "generation.models.catalogue.ToolTerms.Answer",
        "ReleaseKindEnum": "release.models.release.Release.Kind",
        "ReleaseStateEnum": "release.models.release.Release.State",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Token"}

# -- jobs --------------------------------------------------------------------------------------------------------------
DEADWAX_BROKER_URL = env("DEADWAX_BROKER_URL", "redis://127.0.0.1:6379/0")
#: When overnight work is done: 22-6, or with a zone: 23:30-5 Europe/Berlin.
DEADWAX_NIGHT_HOURS = env("DEADWAX_NIGHT_HOURS", "22-6")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("DEADWAX_LOG_LEVEL", "INFO")},
    "loggers": {"axes": {"level": "WARNING"}},
}
