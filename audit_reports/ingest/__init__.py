"""How do files become events of a store? From the first look at a file to rows that are staged, judged and landed."""
