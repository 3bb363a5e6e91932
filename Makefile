# What is there to make: `make help`.
CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
INSTALL ?= install
CARGO_TARGET_DIR ?= target

# The machine that builds, unless another is named: only what is built for a machine by name may be
# linked statically, while what runs during the build is not.
TARGET ?= $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
# A static program that lies where it is linked to starts in two thirds of the time, and a build waits
# for the hook. It takes a C library to be linked.
STATIC_FLAGS := --config "target.$(TARGET).rustflags=['-Ctarget-feature=+crt-static','-Crelocation-model=static']"
# With RUSTFLAGS cargo would pass over it.
STATIC = $(if $(RUSTFLAGS),,$(if $(filter /%,$(shell $(CC) -print-file-name=libc.a 2>/dev/null)),$(STATIC_FLAGS)))
# Where `make build` puts the programs, and `make install` takes them from.
BUILT := $(CARGO_TARGET_DIR)/programs

PROGRAMS := nix-post-build-push nix-post-build-push-hook
# What `make build` lets the built program say of itself, below $(BUILT)/share, and `make install` puts
# below $(PREFIX)/share: a manual page, or a completion.
MAN_PAGES := man/man1/nix-post-build-push.1 man/man1/nix-post-build-push-hook.1 man/man5/nix-post-build-push.toml.5
COMPLETION_bash := bash-completion/completions/nix-post-build-push
COMPLETION_zsh := zsh/site-functions/_nix-post-build-push
COMPLETION_fish := fish/vendor_completions.d/nix-post-build-push.fish
SHARED := $(MAN_PAGES) $(COMPLETION_bash) $(COMPLETION_zsh) $(COMPLETION_fish)

.PHONY: help build test torture bench counts study lint demo picture install uninstall cli-md module-md

help: ## Lists what there is to make (the default)
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 10

build: ## Builds the programs, for release
	@$(if $(STATIC),true,echo "note: the programs are not linked statically, and the hook takes longer to start: libc.a is not there (glibc-static on Fedora), or RUSTFLAGS is set" >&2)
	$(CARGO) build --release --bins $(addprefix --target ,$(TARGET)) $(STATIC)
	$(INSTALL) -d "$(BUILT)"
	for program in $(PROGRAMS); do \
		$(INSTALL) -m 755 "$(CARGO_TARGET_DIR)$(addprefix /,$(TARGET))/release/$$program" "$(BUILT)/" || exit 1; \
	done
	rm -rf "$(BUILT)/share"
	@if "$(BUILT)/nix-post-build-push" version >/dev/null 2>&1; then $(MAKE) --no-print-directory share; else \
		echo "note: no manual pages and no completions: what was built for $(TARGET) does not run here" >&2; fi

# The manual pages and the completions, which the built program prints.
.PHONY: share
share:
	@for file in $(SHARED); do mkdir -p "$(BUILT)/share/$$(dirname $$file)" || exit 1; done
	@for page in $(MAN_PAGES); do \
		name=$$(basename $$page); \
		"$(BUILT)/nix-post-build-push" man $${name%.*} >"$(BUILT)/share/$$page" || exit 1; \
	done
	@"$(BUILT)/nix-post-build-push" completions bash >"$(BUILT)/share/$(COMPLETION_bash)"
	@"$(BUILT)/nix-post-build-push" completions zsh >"$(BUILT)/share/$(COMPLETION_zsh)"
	@"$(BUILT)/nix-post-build-push" completions fish >"$(BUILT)/share/$(COMPLETION_fish)"

test: ## Runs all tests; what depends on the version of Nix on each
	tests/no-secrets $(CARGO) test --workspace --exclude system-tests --exclude machine-tests --exclude kernel-tests
	tests/no-secrets nixos/check
	tests/run

torture: ## Tries for half an hour to make the programs break a promise, and prints what it counted
	tests/torture

bench: ## Measures what the programs cost and writes BENCHMARKS.md; ROW=name: one row, printed
	bench/run $(ROW)

counts: ## Compares what does not depend on the machine with bench/counts.txt; UPDATE=1 writes it
	bench/counts $(if $(UPDATE),--update)

study: ## Measures when several copies at once are faster than one, an hour or two
	bench/study/run

lint: ## Checks formatting, clippy and the documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --workspace

demo: ## Shows the programs at work on a throwaway Nix
	demo/run

# Not built here: root, who installs, need not have a cargo.
install: ## Installs what `make build` built below PREFIX (default /usr/local), with DESTDIR before it
	@for program in $(PROGRAMS); do \
		test -x "$(BUILT)/$$program" || { echo "$$program is not built: run \`make build\` first" >&2; exit 1; }; \
	done
	$(INSTALL) -d "$(DESTDIR)$(PREFIX)/bin"
	for program in $(PROGRAMS); do \
		$(INSTALL) -m 755 "$(BUILT)/$$program" "$(DESTDIR)$(PREFIX)/bin/" || exit 1; \
	done
	@test -d "$(BUILT)/share" || echo "note: no manual pages and no completions: \`make build\` could make none" >&2
	test ! -d "$(BUILT)/share" || for file in $(SHARED); do \
		$(INSTALL) -D -m 644 "$(BUILT)/share/$$file" "$(DESTDIR)$(PREFIX)/share/$$file" || exit 1; \
	done

uninstall: ## Removes what `make install` installed, with the same PREFIX and DESTDIR
	for program in $(PROGRAMS); do rm -f "$(DESTDIR)$(PREFIX)/bin/$$program" || exit 1; done
	for file in $(SHARED); do rm -f "$(DESTDIR)$(PREFIX)/share/$$file" || exit 1; done

picture: ## Takes docs/picture.svg of a real run in a terminal
	docs/picture/record

cli-md: ## Writes CLI.md, the manual of the command line
	$(CARGO) run -q --bin nix-post-build-push -- help --markdown >CLI.md.new
	mv CLI.md.new CLI.md

module-md: ## Writes MODULE.md, the options of the NixOS module
	nixos/check --write
