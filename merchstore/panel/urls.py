"""The panel's addresses: the language first, then the merchant that somebody acts for."""

from django.urls import re_path

from merchstore.lazily import lazily
from merchstore.panel import (
    applying,
    approvals,
    audit,
    campaigns,
    checklist,
    doorstep,
    goods,
    goods_bulk,
    home,
    imports,
    keys,
    members,
    orders,
    preview,
    product,
    returns,
    reviews,
    rights,
    rounds,
    royalties,
    sizes,
    statements,
    variants,
    webhooks,
)

app_name = "panel"

_IN = r"^(?P<prefix>en|zh)/"
_OF = _IN + r"(?P<merchant>[-\w]{1,80})/"
_RUN = r"imports/(?P<run>imp_[a-z0-9]{1,40})/"
_PARCEL = r"orders/(?P<parcel>par_[a-z0-9]{1,40})/"
_RETURN = _PARCEL + r"returns/(?P<returned>ret_[a-z0-9]{1,40})/"
_STATEMENT = r"statements/(?P<statement>sta_[a-z0-9]{1,40})"
_VERSION = r"approvals/versions/(?P<version>ver_[a-z0-9]{1,40})/"
_ROUND = r"approvals/rounds/(?P<shown>rnd_[a-z0-9]{1,40})/"
_KEY = r"keys/(?P<key>key_[a-z0-9]{1,40})/"
_CAMPAIGN = r"campaigns/(?P<campaign>cmp_[a-z0-9]{1,40})/"
_ENDPOINT = r"webhooks/(?P<endpoint>whe_[a-z0-9]{1,40})/"
_DELIVERY = r"webhooks/deliveries/(?P<delivery>dlv_[a-z0-9]{1,40})/"

_PRODUCT = r"products/(?P<product>prd_[a-z0-9]{1,40})/"
_A_VARIANT = _PRODUCT + r"variants/(?P<variant>var_[a-z0-9]{1,40})/"
_OF_VARIANT = _PRODUCT + r"stock/(?P<variant>var_[a-z0-9]{1,40})/"

urlpatterns = [
    re_path(_IN + r"$", doorstep.merchants, name="merchants"),
    re_path(_IN + r"sign-in/$", doorstep.sign_in, name="sign_in"),
    re_path(_IN + r"sign-out/$", doorstep.sign_out, name="sign_out"),
    re_path(_IN + r"apply/$", applying.apply, name="apply"),
    re_path(_IN + r"apply/sent/$", applying.applied, name="applied"),
    re_path(_IN + r"apply/(?P<token>[-\w]{20,80})/$", applying.confirm, name="apply_confirm"),
    re_path(_IN + r"invitations/(?P<token>[-\w]{20,80})/$", applying.invitation, name="invitation"),
    re_path(_OF + r"checklist/$", checklist.checklist, name="checklist"),
    re_path(_OF + r"checklist/review/$", checklist.ask_review, name="ask_review"),
    re_path(_OF + r"checklist/(?P<requirement>req_[a-z0-9]{1,40})/$", checklist.requirement, name="requirement"),
    re_path(_OF + r"checklist/files/(?P<submittal>smt_[a-z0-9]{1,40})/$", checklist.file, name="requirement_file"),
    re_path(_OF + r"members/$", members.members, name="members"),
    re_path(_OF + r"members/invite/$", members.invite, name="invite"),
    re_path(_OF + r"members/(?P<member>usr_[a-z0-9]{1,40})/role/$", members.change_role, name="member_role"),
    re_path(_OF + r"members/(?P<member>usr_[a-z0-9]{1,40})/remove/$", members.remove, name="member_remove"),
    re_path(
        _OF + r"members/invitations/(?P<invitation>inv_[a-z0-9]{1,40})/(?P<verb>send-again|revoke)/$",
        members.invitation_verb,
        name="invitation_verb",
    ),
    re_path(_OF + r"audit/$", audit.audit, name="audit"),
    re_path(_OF + r"audit\.csv$", audit.as_csv, name="audit_csv"),
    re_path(_OF + r"$", home.home, name="home"),
    re_path(_OF + r"rights/$", rights.rights, name="rights"),
    re_path(_OF + r"products/$", goods.products, name="products"),
    re_path(_OF + r"products/new/$", goods.new_product, name="new_product"),
    re_path(_OF + r"products/edit/$", goods_bulk.edit, name="products_edit"),
    re_path(_OF + _PRODUCT + r"$", product.product, name="product"),
    re_path(_OF + _PRODUCT + r"preview/$", preview.preview, name="product_preview"),
    re_path(_OF + _PRODUCT + r"prices/$", product.price, name="product_price"),
    re_path(
        _OF + _PRODUCT + r"prices/(?P<price>[0-9]{1,18})/withdraw/$", product.take_price_back, name="price_withdraw"
    ),
    re_path(_OF + _PRODUCT + r"variants/$", product.variant, name="product_variant"),
    re_path(_OF + _A_VARIANT + r"edit/$", variants.edit, name="variant_edit"),
    re_path(_OF + _A_VARIANT + r"remove/$", variants.remove, name="variant_remove"),
    re_path(_OF + _OF_VARIANT + r"$", goods.stock, name="product_stock"),
    re_path(_OF + _OF_VARIANT + r"limits/$", product.stock_terms, name="product_stock_terms"),
    re_path(_OF + _PRODUCT + r"mockups/$", lazily("merchstore.panel.mockups.mockups"), name="product_mockups"),
    re_path(_OF + _PRODUCT + r"images/$", product.add_image, name="product_image_new"),
    re_path(
        _OF + _PRODUCT + r"images/(?P<image>img_[a-z0-9]{1,40})/(?P<verb>edit|remove|retry)/$",
        product.change_image,
        name="product_image",
    ),
    re_path(_OF + _PRODUCT + r"(?P<verb>activate|archive)/$", product.act, name="product_verb"),
    re_path(_OF + r"size-guides/$", sizes.size_guides, name="size_guides"),
    re_path(_OF + r"size-guides/new/$", sizes.new_size_guide, name="new_size_guide"),
    re_path(_OF + r"size-guides/(?P<guide>szg_[a-z0-9]{1,40})/$", sizes.size_guide, name="size_guide"),
    re_path(_OF + r"reviews/$", reviews.reviews, name="reviews"),
    re_path(_OF + r"reviews/(?P<review>rev_[a-z0-9]{1,40})/answer/$", reviews.answer, name="review_answer"),
    re_path(_OF + r"imports/$", imports.imports, name="imports"),
    re_path(_OF + r"imports/new/$", imports.new_import, name="new_import"),
    re_path(_OF + _RUN + r"$", imports.import_run, name="import"),
    re_path(_OF + _RUN + r"columns/$", imports.columns, name="import_columns"),
    re_path(_OF + _RUN + r"progress/$", imports.progress, name="import_progress"),
    re_path(_OF + _RUN + r"report\.json$", imports.report, name="import_report"),
    re_path(_OF + _RUN + r"(?P<verb>bring-in|go-on|undo)/$", imports.act, name="import_verb"),
    re_path(_OF + r"orders/$", orders.orders, name="orders"),
    re_path(_OF + r"orders/pick\.csv$", orders.pick, name="order_pick"),
    re_path(_OF + r"orders/pick/$", orders.sheet, name="order_sheet"),
    re_path(_OF + _PARCEL + r"$", orders.order, name="order"),
    re_path(_OF + _PARCEL + r"shipments/(?P<shipment>shp_[a-z0-9]{1,40})/slip/$", orders.slip, name="order_slip"),
    re_path(_OF + _PARCEL + r"ship/$", orders.send, name="order_ship"),
    re_path(_OF + _PARCEL + r"cancel/$", orders.cancel, name="order_cancel"),
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
    re_path(_OF + r"approvals/$", approvals.approvals, name="approvals"),
    re_path(_OF + r"approvals/new/$", approvals.new_approval, name="new_approval"),
    re_path(_OF + _VERSION + r"$", approvals.approval, name="approval"),
    re_path(_OF + _VERSION + r"draft/$", approvals.draft, name="approval_draft"),
    re_path(_OF + _VERSION + r"withdraw/$", approvals.withdraw, name="approval_withdraw"),
    re_path(_OF + _ROUND + r"$", rounds.round_page, name="round"),
    re_path(_OF + _ROUND + r"write/$", rounds.write, name="round_write"),
    re_path(_OF + _ROUND + r"discard/$", rounds.discard, name="round_discard"),
    re_path(_OF + _ROUND + r"comments/$", rounds.remark, name="round_remark"),
    re_path(_OF + _ROUND + r"files/(?P<file>fil_[a-z0-9]{1,40})/$", rounds.file, name="round_file"),
    re_path(
        _OF + r"approvals/certificates/(?P<certificate>crt_[a-z0-9]{1,40})/$",
        approvals.certificate,
        name="approval_certificate",
    ),
    re_path(_OF + r"keys/$", keys.keys, name="keys"),
    re_path(_OF + r"keys/new/$", keys.new_key, name="new_key"),
    re_path(_OF + r"keys/sandbox/$", keys.sandbox, name="sandbox"),
    re_path(_OF + _KEY + r"replace/$", keys.replace_key, name="key_replace"),
    re_path(_OF + _KEY + r"revoke/$", keys.revoke, name="key_revoke"),
    re_path(_OF + r"campaigns/$", campaigns.campaigns, name="campaigns"),
    re_path(_OF + r"campaigns/new/$", campaigns.new_campaign, name="new_campaign"),
    re_path(_OF + _CAMPAIGN + r"$", campaigns.campaign, name="campaign"),
    re_path(_OF + _CAMPAIGN + r"edit/$", campaigns.edit, name="campaign_edit"),
    re_path(_OF + _CAMPAIGN + r"progress/$", campaigns.progress, name="campaign_progress"),
    re_path(_OF + _CAMPAIGN + r"offer/$", campaigns.offer, name="campaign_offer"),
    re_path(_OF + _CAMPAIGN + r"withdraw/$", campaigns.withdraw, name="campaign_withdraw"),
    re_path(_OF + _CAMPAIGN + r"send/$", campaigns.send, name="campaign_send"),
    re_path(_OF + _CAMPAIGN + r"(?P<verb>roll-back|cancel)/$", campaigns.ask, name="campaign_ask"),
    re_path(_OF + r"royalties/(?P<licence>lic_[a-z0-9]{1,40})/$", royalties.royalties, name="royalties"),
    re_path(_OF + r"payouts/$", royalties.payouts, name="payouts"),
    re_path(_OF + r"payouts/(?P<payout>out_[a-z0-9]{1,40})/$", royalties.payout, name="payout"),
    re_path(_OF + r"webhooks/$", webhooks.webhooks, name="webhooks"),
    re_path(_OF + r"webhooks/new/$", webhooks.new_webhook, name="new_webhook"),
    re_path(_OF + _ENDPOINT + r"$", webhooks.webhook, name="webhook"),
    re_path(_OF + _ENDPOINT + r"edit/$", webhooks.edit, name="webhook_edit"),
    re_path(_OF + _ENDPOINT + r"rotate/$", webhooks.rotate, name="webhook_rotate"),
    re_path(_OF + _ENDPOINT + r"test/$", webhooks.test, name="webhook_test"),
    re_path(_OF + _ENDPOINT + r"(?P<verb>enable|disable|remove)/$", webhooks.act, name="webhook_verb"),
    re_path(_OF + _DELIVERY + r"$", webhooks.delivery, name="delivery"),
    re_path(_OF + _DELIVERY + r"redeliver/$", webhooks.redeliver, name="delivery_redeliver"),
]
