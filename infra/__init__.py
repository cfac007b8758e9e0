import sys

# Chalice packs whatever lies in chalicelib, what Python compiled there too: a command that compiles more of it would
# make the next `chalice deploy` another package of the same code.
if sys.orig_argv[1:3] == ["-m", "infra"]:
    sys.dont_write_bytecode = True
