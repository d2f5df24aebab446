"""People who sign in, their role and the branches they see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.functional import cached_property

from regua.accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from regua.organization.models import Branch

if TYPE_CHECKING:
    from collections.abc import Iterable


class UserManager(BaseUserManager["User"]):
    def create_user(
        self,
        email: str,
        password: str | None = None,
        *,
        branches: Iterable[Branch] = (),
        **fields: Any,
    ) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        user.branches.set(branches)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Someone who signs in. ``all_branches`` sees every branch, also those created later."""

    email = models.EmailField("e-mail", max_length=254)
    name = models.CharField("nome", max_length=120)
    role = models.CharField("perfil", max_length=20, choices=Role.choices)
    all_branches = models.BooleanField("vê todas as filiais", default=False)
    branches = models.ManyToManyField(Branch, blank=True, related_name="users")
    is_active = models.BooleanField("ativo", default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = "usuário"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.name

    _only: frozenset[str] | None = None

    def narrow(self, permissions: Iterable[str], branch_ids: Iterable[int] = ()) -> None:
        """Let this instance do no more than that, in no other branches (none named: in its own).

        For a program that acts in the person's name; such an instance is never saved.
        """
        self._only = frozenset(permissions)
        if branch_ids := set(branch_ids):
            own = branch_ids if self.all_branches else branch_ids & set(self.branch_ids)
            self.branch_ids = sorted(own)
            self.all_branches = False

    def can(self, permission: str) -> bool:
        """Whether this person's role includes ``permission``."""
        if self._only is not None and permission not in self._only:
            return False
        return self.is_active and permission in ROLE_PERMISSIONS.get(self.role, frozenset())

    @cached_property
    def branch_ids(self) -> list[int]:
        """The branches given to this person, read once for as long as this instance lives."""
        return sorted(self.branches.values_list("pk", flat=True))

    def sees_branch(self, branch_id: int) -> bool:
        return self.all_branches or branch_id in self.branch_ids


__all__ = ["Permission", "Role", "User"]
