"""The languages of pages, as the first or second part of an address names them."""

#: The part of the address, and the language it stands for.
LANGUAGES = {"en": "en", "zh": "zh-hans"}
#: The same languages as browsers and search engines write them.
LANGUAGE_TAGS = {"en": "en", "zh": "zh-Hans"}
#: And as their own readers call them.
LANGUAGE_NAMES = {"en": "English", "zh": "中文"}
