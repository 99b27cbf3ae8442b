"""Channels: adapters that turn listings into somebody else's catalogue.

An adapter is a module with the functions of `Adapter`. It is named in `Channel.adapter` and listed in
campaigns/channels/registry.py; what it may say, and how, lives in it alone.
"""
