"""The panel's addresses: the language first, then the merchant that somebody acts for."""

from django.urls import re_path

from merchstore.panel import doorstep, imports, orders, returns, statements

app_name = "panel"

_IN = r"^(?P<prefix>en|zh)/"
_OF = _IN + r"(?P<merchant>[-\w]{1,80})/"
_RUN = r"imports/(?P<run>imp_[a-z0-9]{1,40})/"
_PARCEL = r"orders/(?P<parcel>par_[a-z0-9]{1,40})/"
_RETURN = _PARCEL + r"returns/(?P<returned>ret_[a-z0-9]{1,40})/"
_STATEMENT = r"statements/(?P<statement>sta_[a-z0-9]{1,40})"

urlpatterns = [
    re_path(_IN + r"$", doorstep.merchants, name="merchants"),
    re_path(_IN + r"sign-in/$", doorstep.SignIn.as_view(), name="sign_in"),
    re_path(_IN + r"sign-out/$", doorstep.sign_out, name="sign_out"),
    re_path(_OF + r"imports/$", imports.imports, name="imports"),
    re_path(_OF + r"imports/new/$", imports.new_import, name="new_import"),
    re_path(_OF + _RUN + r"$", imports.import_run, name="import"),
    re_path(_OF + _RUN + r"progress/$", imports.progress, name="import_progress"),
    re_path(_OF + _RUN + r"report\.json$", imports.report, name="import_report"),
    re_path(_OF + _RUN + r"(?P<verb>bring-in|go-on|undo)/$", imports.act, name="import_verb"),
    re_path(_OF + r"orders/$", orders.orders, name="orders"),
    re_path(_OF + r"orders/pick\.csv$", orders.pick, name="order_pick"),
    re_path(_OF + _PARCEL + r"$", orders.order, name="order"),
    re_path(_OF + _PARCEL + r"ship/$", orders.send, name="order_ship"),
    re_path(
        _OF + _PARCEL + r"shipments/(?P<shipment>shp_[a-z0-9]{1,40})/delivered/$",
        orders.delivered,
        name="order_delivered",
    ),
    re_path(_OF + _RETURN + r"receive/$", returns.receive, name="return_receive"),
    re_path(_OF + _RETURN + r"refuse/$", returns.refuse, name="return_refuse"),
    re_path(_OF + r"statements/$", statements.statements, name="statements"),
    re_path(_OF + _STATEMENT + r"/$", statements.statement_page, name="statement"),
    re_path(_OF + _STATEMENT + r"/lines/(?P<group>[0-9]{1,6})/$", statements.lines, name="statement_lines"),
    re_path(_OF + _STATEMENT + r"\.csv$", statements.as_csv, name="statement_csv"),
    re_path(_OF + _STATEMENT + r"\.pdf$", statements.as_pdf, name="statement_pdf"),
]
