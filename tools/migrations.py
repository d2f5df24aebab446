"""Fails where a model has changed and no migration says so. Needs no database."""

import os
import sys
import warnings

os.environ["DATABASE_URL"] = "postgresql://nobody@/none?host=/nonexistent"
os.environ["DJANGO_SETTINGS_MODULE"] = "regua.project.settings"

import django
from django.core.management import call_command

django.setup()
# There is no database here to check the applied history against.
warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
try:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
except SystemExit as ended:
    sys.exit(ended.code)
