# The same words here, in CI and in the README. `python3 -m chatkit` sets the environment up by itself.
PYTHON ?= .venv/bin/python
.PHONY: .setup check fix test notebooks web bench locks

check: .setup  ## style, types, architecture
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -q tests/project

fix: .setup  ## repair style
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

test:  ## everything, notebooks included
	python3 -m chatkit test

notebooks: .setup  ## run every notebook anew and store its outputs
	$(PYTHON) -m tests.notebooks.refresh

web:  ## what needs a browser
	python3 -m chatkit test tests/web tests/lab tests/remote

bench: .setup  ## figures against named peers, in bench.json
	$(PYTHON) -m tests.bench

.setup:
	@python3 -m chatkit test --version >/dev/null

locks:  ## after a change of pyproject.toml or of a package.json; needs uv and npm
	uv pip compile pyproject.toml --extra proxy --group test --universal --generate-hashes --no-header --no-annotate -q -o requirements-test.lock
	uv pip compile pyproject.toml -c requirements-test.lock --universal --generate-hashes --no-header --no-annotate -q -o requirements.lock
	for lock in tests/*/package-lock.json; do npm install --package-lock-only --omit-lockfile-registry-resolved --silent --prefix "$$(dirname "$$lock")"; done
	python3 -m tests.node_locks
