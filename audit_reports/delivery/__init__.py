"""How does a review come to its readers, on time, once, and signed?

`schedule` says which are due, `deliver` makes and mails them (`message`, `smtp`), `history` reads from the journal what
became of each, `calendar` shows that, `sign` records who reviewed it.
"""
