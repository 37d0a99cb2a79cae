"""How does a review become files? What its page shows and draws, and each format, a file each; `output` lists them."""
