"""Kinds of goods at the desk."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.base import DeskAdmin
from licensing import services
from licensing.models import Category


@admin.register(Category)
class CategoryAdmin(DeskAdmin):
    can_add = True
    fields = ("code", "name_en", "name_zh", "position")
    list_display = ("name_en", "name_zh", "code", "position")
    search_fields = ("name_en", "name_zh", "code")

    def save_by_service(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> Category:
        return services.create_category(by=request.user, **form.cleaned_data)
