"""What a licensee owes: a pure calculation from an agreement and its lines to statements. See docs/royalties.md.

`terms` says what an agreement is, `lines` what happens under it, `books` counts lines up one at a time, `statements` makes
statements of what was counted. `reading`, `line_files` and `writing` are the JSON and CSV around it. Nothing here knows a
database: a later ledger feeds `Sale` and `Return` rows of its sale facts, keeps the `Carried` of each closed statement, and stores
`as_plain(statement)` together with its digest.
"""
