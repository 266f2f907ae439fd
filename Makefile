# Aliases of dev.py, for hands that are used to make.
.PHONY: run test lint web spec schema lock

run test lint web spec schema lock:
	@python3 dev.py $@
