"""Royalties in the database: lines are recorded, statements computed by `licensing.royalties` and closed, money is journalled.

`sales` records, `feeding` hands rows to the calculation, `statements` computes and closes, `payments` takes money and adjustments,
`journal` and `splitting` keep the double entry, `fx` the table of rates, `terms` the agreement, `forecast` looks ahead. Whatever is
changed is changed under the lock of `account.lock_account`. See docs/ledger.md.
"""
