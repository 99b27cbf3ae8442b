"""Addresses as each country writes them: the fields, what is stored, and what is said where one is wrong."""

from typing import Any

import pytest

from orders.addresses import address_fields, address_lines, read_address

NEW_YORK = {
    "name": "Lin Wei", "street_address": "41 Division Street", "city": "New York", "country_area": "NY",
    "postal_code": "10002",
}  # fmt: skip
BEIJING = {
    "name": "陈伟", "street_address": "长安街 1 号", "city": "北京市", "city_area": "东城区", "country_area": "北京市",
    "postal_code": "100010",
}  # fmt: skip


def names(country: str) -> list[list[str]]:
    return [[field.name for field in row] for row in address_fields(country, "en")]


def field(country: str, name: str, language: str = "en") -> Any:
    return next(one for row in address_fields(country, language) for one in row if one.name == name)


def test_each_country_asks_for_its_own_fields_in_its_own_order() -> None:
    assert names("US") == [["name"], ["street_address"], ["city", "country_area", "postal_code"]]
    assert names("DE") == [["name"], ["street_address"], ["postal_code", "city"]]
    assert names("HK") == [["name"], ["country_area"], ["city"], ["street_address"]]
    assert names("CN") == [["name"], ["postal_code"], ["country_area", "city", "city_area"], ["street_address"]]


def test_fields_are_called_what_the_country_calls_them() -> None:
    found = {(country, name): field(country, name).label for country, name in (
        ("US", "postal_code"), ("DE", "postal_code"), ("US", "country_area"), ("CN", "country_area"),
        ("JP", "country_area"), ("HK", "country_area"), ("HK", "city"), ("DE", "city"),
    )}  # fmt: skip

    assert list(found.values()) == [
        "ZIP code", "Postal code", "State", "Province", "Prefecture", "Area", "District", "City",
    ]  # fmt: skip
    assert (field("CN", "city_area").is_required, field("CN", "city").is_required) == (False, True)
    assert field("US", "postal_code").autocomplete == "postal-code"


def test_areas_are_a_list_in_the_reader_s_script() -> None:
    assert dict(field("US", "country_area").choices)["NY"] == "New York"
    assert dict(field("HK", "country_area").choices)["Kowloon"] == "Kowloon"
    assert dict(field("HK", "country_area", "zh-hans").choices)["Kowloon"] == "九龍"
    assert field("DE", "city").choices == ()


def test_an_address_is_stored_with_the_codes_of_the_rules_and_the_words_of_the_buyer() -> None:
    said = NEW_YORK | {
        "country_area": "new york",
        "street_address": "  41  Division\tStreet ",
        "city_area": "Chinatown",
    }

    assert read_address(said, "US") == (NEW_YORK | {"city_area": "", "country_code": "US"}, {})
    assert read_address(NEW_YORK | {"postal_code": "１０００２"}, "US")[0]["postal_code"] == "10002"
    british = {"name": "Mia", "street_address": "1 High Street", "city": "London", "postal_code": "ec1y 8sy"}
    assert read_address(british, "GB")[0]["postal_code"] == "EC1Y 8SY"


@pytest.mark.parametrize(
    ("country", "said", "change"),
    [
        ("CN", BEIJING, {}),
        ("CN", BEIJING, {"country_area": "广东省", "city": "广州"}),
        ("CN", BEIJING, {"country_area": "广东省", "city": "广州市", "city_area": "新区"}),
        ("HK", {"name": "Chan", "street_address": "1 Nathan Road"}, {"country_area": "Kowloon", "city": "TST"}),
    ],
)
def test_nobody_has_to_know_a_list_that_no_form_shows(
    country: str, said: dict[str, str], change: dict[str, str]
) -> None:
    address, wrong = read_address(said | change, country)

    assert wrong == {}
    assert {name: address[name] for name in change} == change


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"name": " \x00"}, {"name": "Write the name of the person who gets the parcel."}),
        ({"city": ""}, {"city": "This is needed to deliver."}),
        (
            {"name": "", "street_address": ""},
            {
                "name": "Write the name of the person who gets the parcel.",
                "street_address": "This is needed to deliver.",
            },
        ),
        ({"postal_code": "1000"}, {"postal_code": "Write it like 10000."}),
        ({"postal_code": "90210"}, {"postal_code": "Write it like 10000."}),
        ({"postal_code": "90210", "country_area": "CA"}, {}),
        ({"country_area": "XX"}, {"country_area": "There is no place of this name here."}),
        ({"country_area": ""}, {"country_area": "This is needed to deliver."}),
        ({"street_address": "x" * 121}, {"street_address": "This is longer than 120 letters."}),
        ({"street_address": "x" * 120}, {}),
    ],
)
def test_what_is_wrong_is_said_with_how_it_is_written_right(change: dict[str, str], wrong: dict[str, str]) -> None:
    assert read_address(NEW_YORK | change, "US")[1] == wrong


@pytest.mark.parametrize(
    ("country", "area"),
    [("US", "PR"), ("US", "Puerto Rico"), ("US", "gu"), ("US", "MP"), ("US", "VI"),
     ("CN", "香港"), ("CN", "Hong Kong"), ("CN", "澳门"), ("CN", "台湾"), ("CN", "Taiwan")],
)  # fmt: skip
def test_a_territory_of_its_own_is_no_area_of_another_country(country: str, area: str) -> None:
    """The rights were asked for the country: what may be sent to the United States may not be sent to Puerto Rico for that."""
    said = (NEW_YORK if country == "US" else BEIJING) | {"country_area": area}
    offered = {word for choice in field(country, "country_area").choices for word in choice}

    assert "country_area" in read_address(said, country)[1]
    assert area not in offered
    assert {"NY", "北京市"} & offered


def test_an_address_stands_on_a_parcel_as_its_country_writes_it() -> None:
    american, _wrong = read_address(NEW_YORK, "US")
    chinese, _wrong = read_address(BEIJING, "CN")

    assert address_lines(american) == ["Lin Wei", "41 Division Street", "New York NY 10002"]
    assert address_lines(chinese)[0] == "100010"
    assert set(address_lines(chinese)) == {"陈伟", "长安街 1 号", "北京市 北京市 东城区", "100010"}
    assert address_lines({"country_code": "DE", "name": "Mia"}) == ["Mia"]


def test_an_address_in_latin_letters_begins_with_the_name_where_the_countrys_own_script_ends_with_it() -> None:
    hong_kong = {"country_code": "HK", "city": "Wan Chai", "country_area": "Hong Kong Island"}

    assert address_lines({**hong_kong, "name": "Nora Lam", "street_address": "1 Queen's Road"}) == [
        "Nora Lam", "1 Queen's Road", "Wan Chai", "Hong Kong Island",
    ]  # fmt: skip
    assert address_lines({**hong_kong, "name": "林諾", "street_address": "皇后大道 1 號"})[-1] == "林諾"
