"""A bare Django view: one query by primary key, one small template."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from catalog.models import Product


def view(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "bare.html", {"product": Product.objects.get(pk=pk)})


def health(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [path("health/", health), path("bare/<int:pk>/", view)]
