"""Who you are and what you may do.

`register` makes accounts, `sessions` (of `tokens` and `passwords`) logs in, `profile` is what people change of their
own, `people` what admins do with others', `keys` what machines call with. Each change is committed with its line of the
`audit` trail and its `errands`: letters (`letters`, `words`, with `links` to `pages`), and what is moved or erased with
a person (`personal`).
"""
