"""Alipay, held against an independent client (python-alipay-sdk) in both directions, and against a gateway on this machine
whose answers that client signs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from alipay import AliPay

from orders.models import Order, Payment, Refund
from orders.payments import ProviderAway, RefundResult, Result, alipay, rsa2
from orders.payments.alipay import Alipay
from tests.factories import NOW
from tests.orders.conftest import refused
from tests.orders.payments.conftest import Asked, Pair, Server

APP = "2026112200000001"
SELLER = "2088102146225135"
NOTIFY = "https://shop.example/payments/alipay/notify"
RETURN = "https://shop.example/cn/zh/orders/t/"


@pytest.fixture(autouse=True)
def _shop(settings: Any, shop_keys: Pair, provider_keys: Pair, server: Server) -> None:
    settings.PAYMENT_PROVIDERS = ["alipay"]
    settings.ALIPAY_APP_ID, settings.ALIPAY_SELLER_ID = APP, SELLER
    settings.ALIPAY_PRIVATE_KEY, settings.ALIPAY_PUBLIC_KEY = shop_keys.private, provider_keys.public
    settings.ALIPAY_GATEWAY = f"{server.address}/gateway.do"


@pytest.fixture
def ours(shop_keys: Pair, provider_keys: Pair) -> AliPay:
    """The other client, in the shop's place."""
    return AliPay(APP, app_private_key_string=shop_keys.private, alipay_public_key_string=provider_keys.public)


@pytest.fixture
def theirs(shop_keys: Pair, provider_keys: Pair) -> AliPay:
    """The other client, in Alipay's place: it signs with Alipay's key and checks what the shop signed."""
    return AliPay(APP, app_private_key_string=provider_keys.private, alipay_public_key_string=shop_keys.public)


@pytest.fixture
def payment(order: Order) -> Payment:
    """¥820.80, opened in yuan: what Alipay is used for."""
    Order.objects.update(currency="CNY")
    Payment.objects.update(provider="alipay", currency="CNY", amount=82_080)
    return Payment.objects.select_related("order").get()


@pytest.fixture
def refund(payment: Payment) -> Refund:
    return Refund.objects.create(
        payment=payment, order=payment.order, amount=4104, reason="cancelled", requested_at=NOW, attempts=1
    )


Answers = dict[str, dict[str, Any]]


@pytest.fixture
def gateway(server: Server, theirs: AliPay) -> Callable[[Answers], Server]:
    """Answers by method, signed by the other client; a call whose signature that client does not accept gets none."""

    def _gateway(answers: Answers) -> Server:
        def answer(asked: Asked) -> tuple[int, str]:
            params = dict(parse_qsl(asked.body))
            if not theirs._verify(rsa2.signed_text(params), params["sign"]):
                return 403, ""
            return 200, in_answer(theirs, params["method"], answers[params["method"]])

        server.answer = answer
        return server

    return _gateway


def in_answer(signer: AliPay, method: str, said: dict[str, Any]) -> str:
    text = json.dumps(said, ensure_ascii=False)
    node = f"{method.replace('.', '_')}_response"
    return f'{{"{node}":{text},"sign":"{signer._sign(text)}"}}'


def good(**said: Any) -> dict[str, Any]:
    return {"code": "10000", "msg": "Success", **said}


def no(code: str) -> dict[str, Any]:
    return {"code": "40004", "msg": "Business Failed", "sub_code": code, "sub_msg": "交易不存在"}


def notice(signer: AliPay, payment: Payment, **changes: Any) -> bytes:
    said = {
        "app_id": APP, "seller_id": SELLER, "notify_id": "n1", "notify_type": "trade_status_sync", "charset": "utf-8",
        "out_trade_no": payment.public_id, "trade_no": "2026112222001", "trade_status": "TRADE_SUCCESS",
        "total_amount": "820.80", "subject": "摆渡人 & 海报", "version": "1.0",
        "fund_bill_list": '[{"amount":"820.80","fundChannel":"ALIPAYACCOUNT"}]',
    } | changes  # fmt: skip
    signature = signer._sign("&".join(f"{name}={said[name]}" for name in sorted(said)))
    return urlencode(said | {"sign_type": "RSA2", "sign": signature}).encode()


# -- signatures --------------------------------------------------------------------------------------


def test_both_sign_a_call_alike_and_believe_each_other(ours: AliPay, theirs: AliPay) -> None:
    params = alipay.signed("alipay.trade.query", {"out_trade_no": "pay_1"}, notify_url=NOTIFY)
    said = {name: value for name, value in params.items() if name != "sign"}

    assert ours._sign(rsa2.signed_text(params)) == params["sign"]
    assert dict(parse_qsl(ours.sign_data(dict(said))))["sign"] == params["sign"]
    # The other client leaves sign_type out of what it checks, as notices do: it is put to the text itself.
    assert theirs._verify(rsa2.signed_text(params), params["sign"]) is True
    assert theirs._verify(rsa2.signed_text(params | {"app_id": "2"}), params["sign"]) is False


def test_keys_are_read_in_every_form_in_which_they_are_given(shop_keys: Pair) -> None:
    key = rsa2.private_key(shop_keys.private)
    bare = "".join(shop_keys.private.splitlines()[1:-1])

    for text in (shop_keys.private.replace("\n", "\\n"), bare):
        assert rsa2.private_key(text).private_numbers() == key.private_numbers()
    public = "".join(shop_keys.public.splitlines()[1:-1])
    assert rsa2.public_key(public).public_numbers() == key.public_key().public_numbers()
    with pytest.raises(ValueError, match="key"):
        rsa2.private_key(public)


# -- opening -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_code_to_scan_is_asked_for(payment: Payment, gateway: Callable[[Answers], Server], theirs: AliPay) -> None:
    payment.method = "qr"
    asked = gateway({"alipay.trade.precreate": good(out_trade_no=payment.public_id, qr_code="https://qr.alipay.com/b")})

    opened = Alipay().open(payment, return_url=RETURN, notify_url=NOTIFY)

    assert (opened.qr_text, opened.pay_url) == ("https://qr.alipay.com/b", "")
    params = dict(parse_qsl(asked.asked[0].body))
    assert theirs._verify(rsa2.signed_text(params), params["sign"]) is True
    assert params["notify_url"] == NOTIFY
    assert json.loads(params["biz_content"]) == {
        "out_trade_no": payment.public_id, "total_amount": "820.80", "subject": f"merchstore {payment.order.number}",
        "time_expire": f"{payment.order.expires_at.astimezone(alipay._SHANGHAI):%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip


@pytest.mark.django_db
def test_the_phone_s_page_is_an_address_that_the_shop_signs_and_asks_nobody_for(
    payment: Payment, server: Server, theirs: AliPay
) -> None:
    opened = Alipay().open(payment, return_url=RETURN, notify_url=NOTIFY)

    params = {name: values[0] for name, values in parse_qs(urlsplit(opened.pay_url).query).items()}
    assert theirs._verify(rsa2.signed_text(params), params["sign"]) is True
    assert (params["method"], params["return_url"]) == ("alipay.trade.wap.pay", RETURN)
    assert json.loads(params["biz_content"])["total_amount"] == "820.80"
    assert server.asked == []
    assert len(opened.pay_url) < 2000


def test_clocks_say_shanghai_s_time() -> None:
    assert alipay._clock(datetime(2026, 11, 22, 20, 30, tzinfo=UTC)) == "2026-11-23 04:30:00"


def test_only_yuan_are_taken() -> None:
    assert [currency for currency in ("CNY", "USD", "HKD") if Alipay().takes(currency)] == ["CNY"]


# -- notices -----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("WAIT_BUYER_PAY", "pending"),
        ("TRADE_SUCCESS", "succeeded"),
        ("TRADE_FINISHED", "succeeded"),
        ("TRADE_CLOSED", "closed"),
    ],
)
def test_a_notice_that_the_other_client_signed_is_read(
    payment: Payment, theirs: AliPay, word: str, status: str
) -> None:
    result = Alipay().read_notice(notice(theirs, payment, trade_status=word), {})

    kept = {"trade_no": "2026112222001", "trade_status": word, "total_amount": "820.80", "notify_id": "n1",
            "notify_type": "trade_status_sync"}  # fmt: skip
    assert result == Result(payment.public_id, status, 82_080, "CNY", "2026112222001", "2026112222001", kept)


@pytest.mark.django_db
def test_paid_and_finished_are_one_piece_of_news(payment: Payment, theirs: AliPay) -> None:
    first, second = (
        Alipay().read_notice(notice(theirs, payment, trade_status=word, notify_id=word), {}).news
        for word in ("TRADE_SUCCESS", "TRADE_FINISHED")
    )

    assert first == second


@pytest.mark.django_db
def test_empty_values_count_or_not_as_alipay_signs(payment: Payment, theirs: AliPay) -> None:
    with_them = notice(theirs, payment, body="")
    without = notice(theirs, payment) + b"&body="

    assert Alipay().read_notice(with_them, {}) == Alipay().read_notice(without, {})


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [(b"820.80", b"0.01"), (b"TRADE_SUCCESS", b"TRADE_FINISHED"), (b"&sign=", b"&sign=A"), (b"&sign=", b"&x=")],
)
def test_a_notice_that_was_changed_on_its_way_is_refused(
    payment: Payment, theirs: AliPay, change: tuple[bytes, bytes]
) -> None:
    body = notice(theirs, payment)
    assert change[0] in body

    with refused("bad_signature"):
        Alipay().read_notice(body.replace(*change), {})


@pytest.mark.django_db
def test_a_notice_that_somebody_else_signed_is_refused(
    payment: Payment, strange_keys: Pair, provider_keys: Pair, ours: AliPay
) -> None:
    stranger = AliPay(APP, app_private_key_string=strange_keys.private, alipay_public_key_string=provider_keys.public)

    for signer in (stranger, ours):
        with refused("bad_signature"):
            Alipay().read_notice(notice(signer, payment), {})


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"app_id": "2"}, {"seller_id": "2088"}, {"total_amount": "1.234"}])
def test_a_good_signature_under_something_that_is_not_for_this_shop_is_refused(
    payment: Payment, theirs: AliPay, change: dict[str, str]
) -> None:
    with refused("bad_notice"):
        Alipay().read_notice(notice(theirs, payment, **change), {})


def test_what_is_no_form_is_refused() -> None:
    for body in (b"hello", b"\xff\xfe", b"{}"):
        with refused("bad_notice"):
            Alipay().read_notice(body, {})
    with refused("bad_signature"):
        Alipay().read_notice(b"", {})


# -- asking ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_query_says_the_same_as_the_notice(
    payment: Payment, gateway: Callable[[Answers], Server], theirs: AliPay
) -> None:
    gateway({
        "alipay.trade.query": good(
            out_trade_no=payment.public_id, trade_no="2026112222001", trade_status="TRADE_SUCCESS", total_amount="820.80",
            # Its own words elsewhere in the answer do not mislead the search for it.
            subject='a "alipay_trade_query_response":{ } 摆渡人',
        )
    })  # fmt: skip

    result = Alipay().query(payment)

    assert (result.status, result.amount) == ("succeeded", 82_080)
    assert result.news == Alipay().read_notice(notice(theirs, payment), {}).news


@pytest.mark.django_db
def test_a_trade_that_nobody_began_is_unknown(payment: Payment, gateway: Callable[[Answers], Server]) -> None:
    gateway({"alipay.trade.query": no("ACQ.TRADE_NOT_EXIST")})

    assert Alipay().query(payment) == Result(payment.public_id, "unknown")


@pytest.mark.django_db
def test_an_answer_with_a_wrong_signature_says_nothing(
    payment: Payment, server: Server, strange_keys: Pair, provider_keys: Pair, theirs: AliPay
) -> None:
    paid = good(out_trade_no=payment.public_id, trade_no="1", trade_status="TRADE_SUCCESS", total_amount="820.80")
    stranger = AliPay(APP, app_private_key_string=strange_keys.private, alipay_public_key_string=provider_keys.public)
    right = in_answer(theirs, "alipay.trade.query", paid)
    server.answer = lambda _asked: (200, right)
    assert Alipay().query(payment).status == "succeeded"

    for text in (
        in_answer(stranger, "alipay.trade.query", paid),
        right.replace("TRADE_SUCCESS", "TRADE_CLOSED"),
        right.replace('"sign":', '"sing":'),
        right.replace("alipay_trade_query", "alipay_trade_close"),
        '{"error_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}',
        "[]", "null", "<html>", "",
    ):  # fmt: skip
        server.answer = lambda _asked, text=text: (200, text)
        with pytest.raises(ProviderAway):
            Alipay().query(payment)


@pytest.mark.django_db
@pytest.mark.parametrize("status", [302, 500])
def test_neither_a_redirect_is_followed_nor_an_error_read(payment: Payment, server: Server, status: int) -> None:
    server.answer = lambda _asked: (status, "{}")

    with pytest.raises(ProviderAway):
        Alipay().query(payment)
    assert len(server.asked) == 1


@pytest.mark.django_db
def test_an_endless_answer_is_not_read_and_the_next_one_is_its_own(
    payment: Payment, server: Server, theirs: AliPay
) -> None:
    server.answer = lambda _asked: (200, "x" * (alipay.LARGEST + 1))
    with pytest.raises(ProviderAway):
        Alipay().query(payment)
    paid = good(out_trade_no=payment.public_id, trade_no="1", trade_status="TRADE_SUCCESS", total_amount="820.80")
    server.answer = lambda _asked: (200, in_answer(theirs, "alipay.trade.query", paid))

    assert Alipay().query(payment).status == "succeeded"


@pytest.mark.django_db
def test_its_own_trouble_is_no_answer(payment: Payment, gateway: Callable[[Answers], Server]) -> None:
    for said in (no("ACQ.SYSTEM_ERROR"), {"code": "20000", "sub_code": "isp.unknow-error"}):
        gateway({"alipay.trade.query": said, "alipay.trade.close": said})
        with pytest.raises(ProviderAway):
            Alipay().query(payment)
        with pytest.raises(ProviderAway):
            Alipay().close(payment)


@pytest.mark.django_db
def test_nobody_there_is_no_answer(payment: Payment, settings: Any) -> None:
    settings.ALIPAY_GATEWAY = "http://127.0.0.1:9/gateway.do"

    with pytest.raises(ProviderAway):
        Alipay().query(payment)


@pytest.mark.django_db
@pytest.mark.parametrize("said", [good(), no("ACQ.TRADE_NOT_EXIST"), no("ACQ.TRADE_STATUS_ERROR")])
def test_closing_what_is_closed_paid_or_not_begun_is_no_error(
    payment: Payment, gateway: Callable[[Answers], Server], said: dict[str, Any]
) -> None:
    asked = gateway({"alipay.trade.close": said})

    Alipay().close(payment)

    assert json.loads(dict(parse_qsl(asked.asked[0].body))["biz_content"]) == {"out_trade_no": payment.public_id}


# -- giving back -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_refund_is_asked_for_under_its_number(refund: Refund, gateway: Callable[[Answers], Server]) -> None:
    asked = gateway({"alipay.trade.refund": good(trade_no="T1", fund_change="Y", refund_fee="41.04")})

    assert Alipay().refund(refund) == RefundResult("succeeded", "T1")

    content = json.loads(dict(parse_qsl(asked.asked[0].body))["biz_content"])
    assert content["out_request_no"] == refund.public_id
    assert (content["out_trade_no"], content["refund_amount"]) == (refund.payment.public_id, "41.04")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (good(trade_no="T1", refund_status="REFUND_SUCCESS", refund_amount="41.04"), RefundResult("succeeded", "T1")),
        # An older answer has no word for it; the amount is the word.
        (good(trade_no="T1", refund_amount="41.04"), RefundResult("succeeded", "T1")),
        (good(), RefundResult("pending", problem="no such refund")),
        (good(trade_no="T1", refund_status="REFUND_PROCESSING", refund_amount="41.04"),
         RefundResult("pending", problem="REFUND_PROCESSING")),
        (good(trade_no="T1", refund_status="REFUND_SUCCESS", refund_amount="1.00"),
         RefundResult("pending", problem="REFUND_SUCCESS")),
    ],
)  # fmt: skip
def test_nothing_new_moved_is_looked_into(
    refund: Refund, gateway: Callable[[Answers], Server], query: dict[str, Any], expected: RefundResult
) -> None:
    asked = gateway({
        "alipay.trade.refund": good(trade_no="T1", fund_change="N"), "alipay.trade.fastpay.refund.query": query,
    })  # fmt: skip

    assert Alipay().refund(refund) == expected
    assert len(asked.asked) == 2


@pytest.mark.django_db
def test_a_refund_that_alipay_refuses_has_failed(refund: Refund, gateway: Callable[[Answers], Server]) -> None:
    gateway({"alipay.trade.refund": no("ACQ.SELLER_BALANCE_NOT_ENOUGH")})

    assert Alipay().refund(refund) == RefundResult("failed", problem="ACQ.SELLER_BALANCE_NOT_ENOUGH")
