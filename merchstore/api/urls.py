from django.urls import path, re_path

from merchstore.api import bulk_views, documents, own_views, views

app_name = "api"

urlpatterns = [
    path("markets", views.Markets.as_view(), name="markets"),
    path("films", views.Films.as_view(), name="films"),
    path("films/<str:name>", views.Film.as_view(), name="film"),
    path("products", views.Products.as_view(), name="products"),
    path("products/<str:name>", views.Product.as_view(), name="product"),
    path("listings", views.Listings.as_view(), name="listings"),
    path("campaigns", views.Campaigns.as_view(), name="campaigns"),
    path("campaigns/<str:name>", views.Campaign.as_view(), name="campaign"),
    path("licences", own_views.Licences.as_view(), name="licences"),
    path("licences/<str:name>", own_views.Licence.as_view(), name="licence"),
    path("rights", own_views.Rights.as_view(), name="rights"),
    path("sales", own_views.Sales.as_view(), name="sales"),
    path("statements", own_views.Statements.as_view(), name="statements"),
    path("statements/<str:name>", own_views.Statement.as_view(), name="statement"),
    path("bulk", bulk_views.BulkRuns.as_view(), name="bulk_runs"),
    path("bulk/products", bulk_views.BulkProducts.as_view(), name="bulk_products"),
    path("bulk/<str:name>", bulk_views.BulkRun.as_view(), name="bulk_run"),
    path("bulk/<str:name>/result", bulk_views.BulkResult.as_view(), name="bulk_result"),
    path("bulk/<str:name>/bring-in", bulk_views.BulkBringIn.as_view(), name="bulk_bring_in"),
    path("bulk/<str:name>/go-on", bulk_views.BulkGoOn.as_view(), name="bulk_go_on"),
    path("bulk/<str:name>/undo", bulk_views.BulkUndo.as_view(), name="bulk_undo"),
    path("problems/<str:code>", views.ProblemPage.as_view(), name="problem"),
    path("schema", documents.Schema.as_view(), name="schema"),
    path("docs", documents.docs, name="docs"),
    re_path(r"", views.Nothing.as_view(), name="nothing"),
]
