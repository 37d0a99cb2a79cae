"""How long does a whole review take beside one scan of the columns that it reads?"""
SCAN="x"
