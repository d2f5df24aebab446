"""The worklist over the API."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.utils import timezone
from ninja import Query, Schema
from pydantic import Field

from regua.accounts.access import require
from regua.accounts.permissions import Permission
from regua.accounts.requests import Request
from regua.dunning import worklist
from regua.dunning.choices import ContactKind
from regua.web import rest

worklists = rest.Resource("Rotina de cobrança")


class TaskFilter(rest.Paging):
    branch_id: rest.Key | None = None
    whose: Literal["mine", "nobody", "all"] = Field(
        "all", description="`mine`: da pessoa em cujo nome o token age."
    )
    due: bool | None = Field(None, description="Só os que já venceram até hoje.")


class TaskOut(Schema):
    id: int
    branch_id: int
    customer_id: int
    customer_name: str
    kind: ContactKind
    due_on: date
    assigned_to: str | None
    overdue_amount: Decimal
    overdue_count: int
    last_contact_at: datetime | None
    last_result: str
    promised_on: date | None


@worklists.get(
    "/worklist",
    scope="dunning:read",
    answer=rest.Page[TaskOut],
    summary="Lista os contatos a fazer, o mais antigo primeiro",
)
def worklist_list(request: Request, asked: Query[TaskFilter]) -> Any:
    require(request.user, Permission.VIEW_DUNNING)
    rows = worklist.tasks_open(request.user, [asked.branch_id] if asked.branch_id else None)
    if asked.whose != "all":
        rows = rows.filter(assigned_to=request.user if asked.whose == "mine" else None)
    if asked.due is not None:
        today = timezone.localdate()
        rows = rows.filter(due_on__lte=today) if asked.due else rows.filter(due_on__gt=today)
    page = rest.keyset_page(rows, asked, ("due_on", "pk"))
    tasks = worklist.rows_of(page.items, request.user)
    return {"items": [_task(row) for row in tasks], "next_cursor": page.next_cursor}


def _task(row: worklist.Row) -> TaskOut:
    task = row.task
    return TaskOut(
        id=task.pk,
        branch_id=task.branch_id,
        customer_id=task.customer_id,
        customer_name=task.customer.name,
        kind=ContactKind(task.kind),
        due_on=task.due_on,
        assigned_to=task.assigned_to.name if task.assigned_to else None,
        overdue_amount=row.debt.total,
        overdue_count=row.debt.count,
        last_contact_at=row.last.at if row.last else None,
        last_result=row.last.get_result_display() if row.last else "",
        promised_on=row.promise.promised_on if row.promise else None,
    )
