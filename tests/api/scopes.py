"""Which scope opens which route and method of the API: the table that tests hold the code against."""

#: What each scope opens: route and method. Written out, and not taken from the code that is tested.
OPENS = {
    "licences:read": "licences.get licence.get",
    "rights:read": "rights.get",
    "sales:write": "sales.post",
    "statements:read": "statements.get statement.get",
    "products:read": "own_products.get own_product.get own_variants.get own_variant.get own_images.get own_image.get "
    "own_prices.get own_market_prices.get own_stock.get sandbox.get sandbox_products.get sandbox_product.get",
    "products:write": "own_products.post own_product.patch own_product_activate.post own_product_archive.post own_variants.put "
    "own_variant.patch own_images.post own_image.patch own_image.delete own_market_prices.put own_market_prices.delete "
    "bulk_runs.get bulk_run.get bulk_result.get bulk_products.post bulk_bring_in.post bulk_go_on.post bulk_cancel.post "
    "bulk_undo.post sandbox_run.post sandbox_reset.post",
    "stock:write": "own_stock.put own_stock.patch",
    "campaigns:read": "own_listings.get own_campaigns.get own_campaign.get own_campaign_listings.get invitations.get entries.get "
    "sandbox_campaigns.get sandbox_listings.get",
    "campaigns:write": "own_campaign.put own_campaign_plan.post own_campaign_apply.post own_campaign_rollback.post entries.put",
    "orders:read": "orders.get order.get pick_list.get shipments.get shipment.get returns.get return.get",
    "orders:write": "shipments.post order_cancel_pieces.post shipment_delivered.post return_receive.post return_refuse.post",
    "submissions:read": "submissions.get submission.get submission_file.get draft.get",
    "submissions:write": "submissions.post submission_withdraw.post submission_comments.post submission_file.delete draft.post "
    "draft.put draft.delete draft_files.post draft_submit.post",
    "events:read": "events.get event.get",
    "webhooks:write": "webhook_endpoints.get webhook_endpoints.post webhook_endpoint.get webhook_endpoint.patch "
    "webhook_endpoint.delete webhook_rotate.post webhook_test.post webhook_deliveries.get webhook_redeliver.post",
}
SCOPE_OF = {opened: scope for scope, all_of_it in OPENS.items() for opened in all_of_it.split()}
