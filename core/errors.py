"""A business "no"."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

#: One sentence per code. A placeholder names a fact that the refusal carries.
SENTENCES = {
    "account_acts_for_others": _(
        "This account acts for a merchant, or has signed something for one. Leave the merchant first, or write to the studio."
    ),
    "account_of_staff": _("This account belongs to the studio's staff. Another administrator closes it at the desk."),
    "address_certificate": _("The server's certificate does not hold for this address."),
    "address_not_allowed": _(
        "Pictures are fetched from public web addresses only: http or https, on their usual ports."
    ),
    "address_not_found": _(
        "There is no picture at this address: the server says that there is nothing, or not for us."
    ),
    "address_redirects": _("The address leads from one to another more than three times. Give the last one."),
    "address_unanswered": _("The server of this address did not answer in time, several times over."),
    "address_unknown": _("There is no server of this name."),
    "already_done": _("That has already been done."),
    "already_member": _("%(user)s already is a member of %(merchant)s."),
    "already_sent": _("A piece of this order has been sent already. What was not sent can be cancelled line by line."),
    "amount_is_nothing": _("An adjustment adds something or takes something off: above or below zero."),
    "amount_not_positive": _("A payment is above zero."),
    "approval_by_author": _("A second person has to approve this plan; you made it yourself."),
    "approval_missing": _("This plan has to be approved by a second person first."),
    "bad_cursor": _("That page address is no longer valid. Start again at the first page."),
    "bad_file_kind": _("That is no kind of evidence."),
    "bad_instant": _(
        "“%(instant)s” is no instant. Write it with its offset: 2026-11-22T12:00:00+08:00, or with Z for UTC."
    ),
    "bad_notice": _("This message of a payment provider cannot be read."),
    "bad_overlap": _("The key that is replaced goes on working for 0 to %(most)s days."),
    "bad_webhook_overlap": _("The secret that is replaced goes on signing for 0 to %(most)s days."),
    "bad_mapping": _("The mapping cannot be used: %(problem)s."),
    "bad_discount": _("The discount is not valid: %(problem)s."),
    "bad_pin": _("A comment can be pinned to a picture of this submission only, at a point inside it."),
    "bad_resaleable": _("%(resaleable)s pieces cannot be sold again when %(received)s came."),
    "bad_rule": _("The campaign's rule is not valid: %(problem)s."),
    "bad_signature": _("The signature is not good."),
    "bad_tax_class": _("That is no tax class."),
    "bad_tax_rate": _("A tax rate is from 0 to below 1, with five decimals at most: 0.19 is 19 percent."),
    "bad_term": _("A licence has to end after it starts."),
    "bad_tracking_url": _("A tracking address begins with https:// or http://."),
    "bad_window": _("A campaign has to end after it starts."),
    "basket_empty": _("There is nothing in the basket."),
    "busy": _("Somebody else is changing this right now. Try again in a moment."),
    "changes_at_the_end": _(
        "A last stage is approved as it is or sent back: behind it there is no stage in which changes could be ticked."
    ),
    "changes_missing": _(
        "This article is approved. Say what changes: the new version begins where the changes touch it."
    ),
    "changes_open": _("These changes were asked for and are not ticked yet: %(changes)s."),
    "channel_failed": _("The channel did not take the listings: %(problem)s."),
    "currency_missing": _("Say which currency the prices are in: --currency USD, or currency in the mapping file."),
    "country_elsewhere": _("That country belongs to another market. Change the market first."),
    "currency_mismatch": _("%(left)s and %(right)s cannot be added up."),
    "days_reversed": _("The longest time is not below the shortest."),
    "date_out_of_range": _("%(date)s is not a date that can be used here."),
    "entries_refused": _("This cannot be offered for the campaign: %(products)s."),
    "evidence_broken": _("The picture is broken or cut off."),
    "evidence_damaged": _("The stored file %(name)s is no longer the one that was handed in. It is not given out."),
    "evidence_missing": _("This is still missing: %(missing)s."),
    "evidence_picture_needed": _(
        "%(kind)s: this has to be a picture that a page can show, of 50 million pixels at most."
    ),
    "evidence_too_large": _("A file may have %(most)s MB at most."),
    "evidence_unknown_type": _(
        "This is neither a picture (JPEG, PNG, WebP, AVIF, GIF) nor a PDF, whatever its name says."
    ),
    "file_too_large": _("The file is larger than %(most)s MB. Bring it in on the command line."),
    "file_unreadable": _("The file cannot be read: %(problem)s."),
    "delivery_waiting": _("This delivery is on its way already."),
    "frozen": _("This was submitted and does not change any more."),
    "grant_empty": _("A grant has to name at least one country and one channel."),
    "grant_missing": _("A licence has to grant something before it is executed."),
    "grant_overlaps": _("This overlaps licence %(licence)s of the same film, and one of the two is exclusive."),
    "header_missing": _(
        "Line %(line)s holds data (“%(value)s” in column %(column)s) where the names of the columns have to be. "
        "Put a line with their names above it."
    ),
    "import_stopped": _("The import %(run)s was stopped. Start it again: what it has written stays and is unchanged."),
    "idempotency_key_reused": _("This Idempotency-Key was used for another request."),
    "idempotency_running": _("The first request with this Idempotency-Key is still being worked on."),
    "importing": _("Another import of this merchant is under way. Wait until it has ended."),
    "invalid": _("%(problem)s"),
    "invitation_closed": _("Goods can no longer be offered for this campaign."),
    "inventory_below_sold": _(
        "%(sold)s units of %(sku)s were sold in the sell-off already, so no fewer can have been there."
    ),
    "inventory_empty": _("Name at least one article and how many units of it are left."),
    "inventory_in_future": _("Stock is counted first and stated afterwards: %(day)s is still to come."),
    "inventory_outdated": _("A later statement counts, of %(day)s. This one would be older."),
    "key_expired_already": _("A key has to expire later than now."),
    "key_not_live": _("The key “%(name)s” has expired or was revoked. Make a new one."),
    "key_too_strong": _("A key makes no key that may do more, lasts longer or is somebody else's."),
    "keys_live": _("Two keys named “%(name)s” are live already. Revoke one of them first."),
    "last_owner": _("A merchant has to keep at least one owner."),
    "licence_amended": _("Only %(fields)s can be amended once a licence is executed."),
    "licence_not_over": _("Term, sell-off and days of grace last until the day before %(day)s."),
    "market_missing": _("There are prices in several markets. Name one: %(choices)s."),
    "account_exists": _("There is an account with %(email)s already. Sign in with it."),
    "already_invited": _("%(email)s is invited already. Send the invitation again, or revoke it."),
    "answer_incomplete": _("Something is missing: %(name)s."),
    "application_over": _("This link was used before or is too old. Apply again."),
    "checklist_open": _("The checklist is not complete: %(missing)s."),
    "document_over": _("This document ended on %(day)s."),
    "invitation_for_another": _("This invitation is for %(email)s. Sign in with an account of that address."),
    "invitation_over": _("This invitation was used, revoked or is too old. Ask for another one."),
    "paper_too_large": _("A file may have %(most)s MB at most."),
    "paper_unknown_type": _("This is no whole PDF, JPEG or PNG file, whatever its name says."),
    "too_many_invitations": _("%(most)s invitations at most wait for an answer at one time."),
    "no_invitation": _("A merchant's own campaign invites nobody."),
    "no_placements": _(
        "The home page and the films' pages are the studio's: a merchant's own campaign has no place there."
    ),
    "no_delivery": _("%(merchant)s does not deliver there."),
    "no_sell_off": _("Licence %(licence)s grants no sell-off."),
    "nothing_chosen": _("No product was chosen."),
    "not_a_reviewer": _("You may not review submissions."),
    "not_a_sandbox": _("This is for sandboxes only."),
    "not_for_sandboxes": _("A sandbox has no sandbox of its own."),
    "people_of_merchant": _("The people of a sandbox are those of its merchant. Change them there."),
    "sandbox_too_often": _("A sandbox is put back %(most)s times in a day at most."),
    "not_an_approver": _("You may not approve or reject here."),
    "not_asked_here": _("This change was not asked for here."),
    "not_for_sale": _("This piece is not sold here at the moment: %(title)s."),
    "not_paid": _("This order is not paid."),
    "not_payable": _("This order can no longer be paid."),
    "not_taken": _("So many units were not taken under this licence."),
    "not_to_this_country": _("This piece may not be sold to the country that was chosen: %(title)s."),
    "not_your_merchant": _("You do not act for this merchant."),
    "nothing_changed": _("Nothing is different from the round that was sent back."),
    "nothing_received": _("Say what came. If nothing came, refuse the return."),
    "nothing_to_list": _("The campaign's rule finds nothing that may be listed."),
    "nothing_to_pay": _("There is nothing to pay out."),
    "nothing_to_ship": _("Say which pieces are sent, and how many."),
    "nothing_to_cancel": _("Say which pieces will not be sent, and how many."),
    "nothing_to_return": _("Say which pieces come back, and how many."),
    "nothing_to_roll_back": _("Nothing of this campaign has been published, so there is nothing to roll back."),
    "not_found": _("There is nothing at this address."),
    "not_reserved": _("So many pieces are not promised to orders, or are not here."),
    "not_sold": _("So many pieces were not sold."),
    "not_to_be_shipped": _("%(title)s may not be sent now. %(why)s"),
    "number_taken": _("There already is a licence %(number)s."),
    "other_site": _("This form was sent from another site. Open the page here, and send it again."),
    "out_of_stock": _("There are not enough pieces left: %(left)s."),
    "own_submission": _("Somebody else has to decide on this: it was handed in by you or by your merchant."),
    "payout_changed": _("What is due has changed since you saw it. Look again, then pay."),
    "per_person_reached": _("Each person may buy %(most)s of this: %(title)s. For you %(left)s are left."),
    "parcel_changed": _("Pieces of this parcel were sent meanwhile. Look again, then send what is left."),
    "period_not_over": _("%(period)s lasts until %(day)s. It can be closed when that day is over."),
    "picture_broken": _("The picture is broken or cut off. Save it anew, and send it again."),
    "picture_file_too_large": _("A picture may have 20 MB at most."),
    "picture_too_heavy": _("The picture takes too much time or memory to unfold. Save it smaller, as a plain JPEG."),
    "picture_too_many_pixels": _("The picture has too many pixels. Save it smaller: 2,800 × 2,800 is always enough."),
    "picture_too_small": _("A picture has to be at least 200 pixels wide and high."),
    "picture_unknown_format": _("This is no JPEG, PNG, WebP, AVIF or GIF picture, whatever its name says."),
    "pre_order_waits": _("%(title)s may not leave before its street date, %(street_on)s."),
    "price_below_floor": _("%(price)s is below the floor of %(floor)s that the licence %(licence)s sets."),
    "price_begun": _("This price has already begun; it stays as history. Set another from now on."),
    "price_in_past": _("A price cannot begin in the past: what was asked then stays as it was."),
    "price_not_positive": _("A price is above zero."),
    "property_of_other_merchant": _("Licence %(licence)s belongs to another merchant."),
    "property_twice": _("A film is named once among the properties of an article."),
    "quantity_not_positive": _("A quantity is at least one."),
    "reason_missing": _("Say why."),
    "reasons_missing": _("Give at least one reason."),
    "refund_too_large": _("That is more than was paid and has not been given back yet."),
    "remark_missing": _("Say what the other reason is."),
    "return_too_late": _(
        "Goods can be sent back for %(days)s days after they arrived. Write to us if they are faulty."
    ),
    "revocation_in_past": _("An approval is revoked from now on or later: what was sold before was sold under it."),
    "round_open": _("The last round of this stage is %(state)s. There is no other beside it."),
    "scope_missing": _("A key has to be allowed something."),
    "sell_off_quantity_exhausted": _(
        "In the sell-off only declared stock is sold, and of %(sku)s %(left)s units are left."
    ),
    "sku_missing": _("Name the article by the merchant's code."),
    "sku_of_several": _("Several merchants use the code %(sku)s: %(merchants)s. Say whose product it is."),
    "reference_missing": _("Say the reference of the transfer."),
    "reference_taken": _("A payment “%(reference)s” has been recorded already, and it was another."),
    "royalty_terms_missing": _("Licence %(licence)s has no royalty terms yet."),
    "sku_taken": _("You already have a product with the SKU “%(sku)s”."),
    "slug_taken": _("The address %(slug)s is already taken."),
    "statement_closed": _("The statement of %(period)s is closed. It never changes."),
    "statement_not_next": _("Statements are closed in order, and %(first)s is still open."),
    "stock_changed": _("There were to be %(expected)s pieces, and now there are %(found)s. Look again, then correct."),
    "stock_negative": _("There cannot be fewer than no pieces."),
    "stock_promised": _("%(reserved)s pieces are promised to orders, so there cannot be fewer."),
    "text_missing": _("Write something."),
    "too_many_days": _("That is more days than can be used here: %(most)s at most."),
    "too_many_endpoints": _("A merchant has %(most)s webhooks at most."),
    "too_many_entries": _("A merchant offers %(most)s products at most for a campaign."),
    "too_many_files": _("A round holds %(most)s files at most."),
    "too_many_in_basket": _("Of one thing, 1 to %(most)s pieces can be in a basket."),
    "not_received": _("Only who has received it from us can write about it."),
    "review_changed": _(
        "Its author has written it anew since you read it, or somebody else has decided. Read it again."
    ),
    "size_columns_differ": _("The columns in Chinese are as many as the others: %(columns)s."),
    "size_table_too_large": _(
        "A size guide has at most %(columns)s columns and %(rows)s rows, and %(letters)s letters in a cell."
    ),
    "size_table_uneven": _("Row %(row)s has %(cells)s cells, and there are %(columns)s columns."),
    "too_many_size_guides": _("A merchant has %(most)s size guides at most."),
    "too_many_addresses": _("An account keeps %(most)s addresses at most. Remove one that you no longer need."),
    "too_many_lines": _("A basket holds %(most)s different things at most."),
    "too_many_pieces": _("There are not so many pieces: %(left)s are left."),
    "total_changed": _("What this costs has changed since you saw it. Look at the new sum, then order."),
    "track_is_final": _("The track %(track)s is final in this version."),
    "undeclared_change": _(
        "More is different from the approved version than this one says: %(changes)s. Begin a version that names it."
    ),
    "unit_cap_below_used": _("%(used)s units were sold under this licence already, so its limit cannot be lower."),
    "unit_cap_reached": _("Licence %(licence)s allows %(cap)s units in all, and %(left)s of them are left."),
    "unknown_action": _("%(action)s is none of LIST, SELL and SHIP."),
    "unknown_calendar": _("No calendar of business days is known as %(calendar)s."),
    "unknown_change": _("%(change)s is not a change of an article."),
    "terms_fixed": _("There are statements already, so this cannot change any more: %(fields)s."),
    "unknown_channel": _("%(channel)s is not a channel of distribution."),
    "unknown_listing_channel": _("There is no channel %(channel)s. There are: %(choices)s."),
    "unknown_country": _("%(country)s is not a country code."),
    "unknown_currency": _("%(currency)s is not a currency code."),
    "unknown_document_kind": _("%(kind)s is no kind of document."),
    "unknown_event_kind": _("There is no kind of event “%(kind)s”."),
    "unknown_format": _("The file is in no format that can be read here: %(problem)s."),
    "unknown_licence": _("You have no licence “%(licence)s”."),
    "unknown_market": _("There is no market %(market)s. There are: %(choices)s."),
    "unknown_merchant": _("There is no merchant %(merchant)s."),
    "unknown_import": _("There is no import %(run)s."),
    "unknown_preset": _("No mapping is saved under the name “%(preset)s”."),
    "unknown_product": _("There is no product %(product)s."),
    "unknown_provider": _("That way to pay is not offered here."),
    "unknown_reason": _("%(reason)s is not a reason."),
    "unknown_role": _("%(role)s is not a role."),
    "unknown_scope": _("%(scope)s is nothing that a key can be allowed."),
    "unknown_statement": _("Licence %(licence)s has no statement of %(period)s."),
    "unknown_tier": _("%(tier)s is not a tier of a film."),
    "unknown_zone": _("%(zone)s is not a time zone."),
    "variant_sku_taken": _("The product already has a variant with the SKU “%(sku)s”."),
    "variant_in_use": _("The variant %(sku)s has been ordered, so it stays. Take its price away to stop selling it."),
    "variants_missing": _("A product has at least one variant."),
    "version_open": _("A version of this article is in approval already."),
    "webhook_address_not_allowed": _(
        "Webhooks go to public web addresses only: https, on port 443 or 8443, without a name and password in it."
    ),
    "webhook_disabled": _("This webhook is disabled. Enable it first."),
    "webhook_secret_lost": _("The secret of this webhook cannot be read any more. Replace it first."),
    "window_passed": _("The campaign's window has already ended."),
    "wrong_currency": _("%(market)s sells in %(wanted)s, not in %(currency)s."),
    "wrong_state": _("This cannot be done while it is %(state)s."),
    # Royalties: codes in capitals, as their specification writes them (docs/royalties.md).
    "AMBIGUOUS_GROUP": _(
        "%(number)s groups of %(period)s have what this line says. Say more: property, category, territory, "
        "channel, basis or currency."
    ),
    "AMBIGUOUS_RATE_RULE": _("More than one rate rule matches %(goods)s: %(rules)s."),
    "AMOUNT_TOO_FINE": _("%(value)s is not a whole amount: %(currency)s has %(digits)s decimals."),
    "BAD_AMOUNT": _(
        "“%(value)s” is not a number that can be used here. Write it like 1234.56, with 15 digits before and 12 "
        "behind the point at most."
    ),
    "BAD_CHOICE": _("“%(value)s” is none of: %(choices)s."),
    "BAD_CURRENCY": _("“%(value)s” is not a currency code."),
    "BAD_DATE": _("“%(value)s” is not a day. Write it like 2026-03-31."),
    "BAD_DIGEST": _("This is not the digest of a statement."),
    "BAD_FX_RATE": _("“%(value)s” is not an exchange rate: it is above zero."),
    "BAD_INSTANT": _("“%(value)s” is not an instant. Write it with its offset, like 2026-03-31T18:30:00+08:00."),
    "BAD_JSON": _("This is not valid JSON: %(problem)s."),
    "BAD_PERIOD": _(
        "“%(period)s” does not say its days. Name a period like 2026-Q1 or 2026-03, or give “from” and “to”."
    ),
    "BAD_QUANTITY": _("“%(value)s” is not a number of pieces: a whole number, not negative."),
    "BAD_RATE": _("“%(value)s” could mean two things. Write 12 percent as 0.12 or as 12%%, and no more than 100%%."),
    "BAD_TIERS": _("Tiers have to rise, and only the last one has no “up_to”."),
    "BAD_WHOLE_NUMBER": _("“%(value)s” is not a whole number from 0 to %(most)s."),
    "BAD_ZONE": _("“%(value)s” is not a time zone. Write it like Asia/Shanghai."),
    "CONFLICT": _("“%(field)s” and “%(other)s” do not go together here."),
    "DATE_NEEDED": _("This line needs its date: in %(period)s something changes on %(day)s."),
    "DATE_OUTSIDE_PERIOD": _("%(date)s is not in %(period)s."),
    "DATE_TO_COME": _("%(date)s is still to come."),
    "DUPLICATE_FIELD": _("“%(field)s” is there twice."),
    "DUPLICATE_ID": _("“%(id)s” is there twice."),
    "ENDS_BEFORE_IT_STARTS": _("This ends before it starts."),
    "FILE_UNREADABLE": _("The file cannot be read: %(problem)s."),
    "FX_RATE_MISSING": _("There is no exchange rate of %(currency)s for %(day)s."),
    "FX_TABLE_SHAPE": _(
        "With the method FIXED a currency has one rate, with the others a rate for each day. This is not what "
        "%(method)s needs."
    ),
    "GUARANTEES_OVERLAP": _("One royalty would work off several guarantees: %(pools)s."),
    "ID_TAKEN": _("“%(id)s” has been recorded already, and it said something else."),
    "ID_TOO_LONG": _("An id has 200 characters at most."),
    "LINE_TOO_LONG": _("This line is longer than a line can be."),
    "MISSING_FIELD": _("“%(field)s” is missing."),
    "NEGATIVE": _("“%(value)s” is below zero."),
    "NOT_AN_OBJECT": _("This has to be an object with named fields."),
    "NOT_A_BOOLEAN": _("“%(value)s” is neither true nor false."),
    "NOT_A_LIST": _("This has to be a list."),
    "NOT_TEXT": _("“%(value)s” has to be text."),
    "NO_GROUP": _("No sales of %(period)s have what this line says."),
    "NO_PERIOD": _("There is no period to make a statement of."),
    "NO_RATE_RULE": _("No rate rule matches %(goods)s."),
    "PERIODS_OVERLAP": _("The periods %(period)s and %(other)s overlap."),
    "PRICE_UNCLEAR": _("Give exactly one of: %(choices)s."),
    "RATE_OF_THE_AGREEMENT": _("Rates are those of the agreement. Leave out “%(field)s”."),
    "RETURNED_BEFORE_SOLD": _("The return points at %(period)s, which is no earlier period of this case."),
    "RETURNED_TOO_MANY": _("More came back of “%(id)s” than were sold: %(sold)s."),
    "SHARES_DO_NOT_ADD_UP": _("Shares are basis points and add up to 10000; these add up to %(sum)s."),
    "SPLIT_TOO_LARGE": _(
        "Royalty (%(royalty)s) and commission (%(platform)s) have to be rates that take no more than there is."
    ),
    "TAX_UNCLEAR": _("Say whether %(price)s includes the tax: “includes_tax”, or a price “…_with_tax”."),
    "UNKNOWN_ARTICLE": _("The agreement has no article “%(article)s”."),
    "UNKNOWN_FIELD": _("There is no field “%(field)s” here. There are: %(known)s."),
    "UNKNOWN_GROUP": _("No statement has a group “%(group)s”."),
    "UNKNOWN_LINE": _("There is no sale “%(id)s” that this line could point at."),
    "UNKNOWN_PERIOD": _("%(period)s belongs to no period of this case."),
    "UNKNOWN_POOL": _("The agreement has no guarantee “%(pool)s”."),
    "WRONG_LINE_CURRENCY": _("This amount has to be in %(wanted)s, not in %(currency)s."),
    "WRONG_NUMBER_OF_CELLS": _("The row has %(found)s cells, the header has %(wanted)s."),
    "WRONG_PERIOD_KIND": _("%(period)s is not a period of this agreement, which is settled by %(kind)s."),
}


class Saying(dict[str, Any]):
    """A part of a sentence that is translated when it is read, also after it was kept as JSON."""

    def __str__(self) -> str:
        return str(_spoken(self))


def said(text: str, **facts: Any) -> Saying:
    """`text`, which is marked for translation (gettext_noop), with its facts."""
    return Saying(said=text, facts=facts)


def _spoken(fact: Any) -> Any:
    """A fact as it stands in a sentence."""
    if not isinstance(fact, dict) or fact.keys() != {"said", "facts"}:
        return fact
    text: str = fact["said"]
    return gettext(text) % spoken(fact["facts"])


def spoken(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a sentence in the reader's language, those too that are sayings themselves."""
    return {name: _spoken(fact) for name, fact in facts.items()}


class Refused(Exception):
    """A service says no, for a reason a person can act on.

    `code` is stable and machine-readable, `facts` are what it is about; the sentence is translated when read.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    @property
    def sentence(self) -> str:
        """The refusal in the reader's language."""
        return str(SENTENCES[self.code]) % spoken(self.facts) if self.code in SENTENCES else self.code

    def __str__(self) -> str:
        return self.sentence
