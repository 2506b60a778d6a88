import os

ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only for a look")
