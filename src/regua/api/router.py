"""``/api/v1``: every resource of every app, mounted in the order of the documentation."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

import regua
from regua.accounts.api import branches
from regua.api import errors, openapi
from regua.dunning.api import runs
from regua.dunning.worklist_api import worklists
from regua.imports.api import bulk
from regua.inquiries.api import inquiries
from regua.integrations.api import integrations
from regua.parties.api import customers
from regua.parties.potential_api import leads, prospects
from regua.receivables.api import contracts, payments, receivables
from regua.reports.api import reports
from regua.restrictions.api import restrictions
from regua.restrictions.impediment_api import impediments

RESOURCES = (
    branches,
    customers,
    leads,
    prospects,
    contracts,
    receivables,
    payments,
    impediments,
    inquiries,
    restrictions,
    runs,
    worklists,
    reports,
    integrations,
    bulk,
)


class Api(NinjaAPI):
    def get_openapi_schema(self, **_: Any) -> OpenAPISchema:
        return openapi.completed(openapi.Described(self, self.get_root_path({})))

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


api = Api(
    title="Régua",
    version=regua.__version__,
    description=openapi.DESCRIPTION,
    urls_namespace="api-v1",
    docs_url=None,
    openapi_url=None,  # both are pages of ours (``views``)
)
errors.register(api)
for resource in RESOURCES:
    api.add_router("", resource.router)
