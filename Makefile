# The same words here, in CI and in the README. `python3 -m chatkit` sets the environment up by itself.
PYTHON ?= .venv/bin/python
.PHONY: .setup check style architecture fix quick test long notebooks web bench locks

check: .setup  ## style, types on three systems, architecture
	@$(MAKE) --no-print-directory --jobs --output-sync=target style types-linux types-darwin types-win32 architecture

style:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types-%:  # each system with a cache of its own, so that a second run is quick
	$(PYTHON) -m mypy --platform $* --cache-dir .mypy_cache/$*

architecture:
	$(PYTHON) -m pytest -q tests/project

fix: .setup  ## repair style
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

quick:  ## two minutes: no browser, no Node, no az, nothing slow
	python3 -m chatkit test tests -m "not slow and not tools and not long"

test:  ## everything, notebooks included
	python3 -m chatkit test

long:  ## fuller forms of some tests: more messages, more people, more kills
	python3 -m chatkit test tests -m long

notebooks: .setup  ## run every notebook anew and store its outputs
	$(PYTHON) -m tests.notebooks.refresh

web:  ## what needs a browser
	python3 -m chatkit test tests/web tests/lab tests/remote -m ""

bench: .setup  ## figures against named peers, in bench.json
	$(PYTHON) -m tests.bench

.setup:
	@python3 -m chatkit test --version >/dev/null

locks:  ## after a change of pyproject.toml or of a package.json; needs uv and npm
	uv pip compile pyproject.toml -c requirements-limits.txt --extra proxy --group test --universal --generate-hashes --no-header --no-annotate -q -o requirements-test.lock
	uv pip compile pyproject.toml -c requirements-test.lock --universal --generate-hashes --no-header --no-annotate -q -o requirements.lock
	uv pip compile pyproject.toml docs/jupyterhub/requirements.in --extra proxy -c requirements-test.lock --universal --generate-hashes --no-header --no-annotate -q -o docs/jupyterhub/requirements.lock
	echo uv | uv pip compile - --universal --generate-hashes --no-header --no-annotate -q -o requirements-uv.lock
	for lock in tests/*/package-lock.json; do npm install --package-lock-only --omit-lockfile-registry-resolved --silent --prefix "$$(dirname "$$lock")"; done
	python3 -m tests.node_locks
