# SPDX-License-Identifier: Apache-2.0
# What CI runs is what you run: `make test`.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export GOTOOLCHAIN := local
export GOFLAGS     := -buildvcs=false

VERSION ?= $(shell git describe --tags --always 2>/dev/null || echo dev)
TOOLS   := $(CURDIR)/.tools
BIN     := bin/linkspan
GOSRC   := $(shell find . -name '*.go' -not -path './.tools/*' -not -name '*_test.go') go.mod go.sum

# Everything that the project's commands need beside Go, as Debian packages.
PACKAGES := docker.io docker-compose openvswitch-switch openvswitch-testcontroller python3-os-ken busybox-static iproute2 util-linux \
            traceroute iputils-ping nftables ethtool openssl openssh-client gcc libc6-dev git skopeo

# What `make bench` measures against beside them.
BENCH_PACKAGES := docker-registry

# What `make test-kernel` needs beside them.
KERNEL_PACKAGES := qemu-system-x86 cpio e2fsprogs kmod iptables

# What building runc needs.
RUNC_PACKAGES := gcc libc6-dev libseccomp-dev pkg-config

# Versions of the tools that are built from their Go modules.
GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# How all but the tests for races is built, so that what one target has compiled no other
# one compiles again.
PLAIN := CGO_ENABLED=0 GOFLAGS='$(GOFLAGS) -trimpath'

# Where tests start dockerd or Open vSwitch, or make network namespaces.
LIVE := ./cmd/... ./cnm/... ./control/livetest ./lab/... ./nos/... ./ovs/... ./registry/... ./test/...

# How long each fuzz target runs in `make fuzz`.
FUZZTIME ?= 60s

.PHONY: help deps build test unit lint e2e test-kernel test-images deps-kernel deps-bench dockerd-28 dockerd-29 fuzz soak bench demo docs generate clean

help: ## show what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install what the other targets need (Debian packages; needs root)
	@missing=(); for p in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing+=($$p); done; \
	if [ $${#missing[@]} -gt 0 ]; then \
	  echo "installing $${missing[*]}"; \
	  apt-get update -qq; \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $${missing[*]} >/dev/null; fi
	@go version | grep -q 'go1\.2[6-9]' || { echo 'Go 1.26 or later is needed: https://go.dev/dl' >&2; exit 1; }

build: $(BIN) ## build bin/linkspan, one static binary

$(BIN): $(GOSRC)
	@echo 'building $(BIN)'
	@$(PLAIN) go build -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN) ./cmd/linkspan

# On two cores at once: what computes, and what mostly waits for the programs that it
# starts. `make unit` and `make e2e` do their part alone.
test: deps ## everything that gates a change
	@$(MAKE) --no-print-directory --jobs=2 gate-computing gate-waiting

.PHONY: gate-computing gate-waiting
gate-computing:
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory unit-pure
gate-waiting:
	@$(MAKE) --no-print-directory unit-live
	@$(MAKE) --no-print-directory e2e

unit: ## tests of every package, on real components where they need them
	@$(MAKE) --no-print-directory --jobs=2 unit-pure unit-live

.PHONY: unit-pure unit-live
unit-pure: # those that start nothing
	CGO_ENABLED=1 go test -race -p 1 -timeout 15m $$(comm -23 <(go list ./... | sort) <(go list $(LIVE) | sort))

unit-live: # those that start dockerd and Open vSwitch, one after the other, as they disturb each other
	CGO_ENABLED=1 go test -race -p 1 -timeout 15m $(LIVE)
	@# Docker's own proxies against our plugin server: a module of its own.
	cd test/moby && CGO_ENABLED=1 go test -race -timeout 5m ./...

e2e: deps build ## the whole product on two and more hosts in a lab
	$(PLAIN) LINKSPAN_E2E=$(CURDIR)/$(BIN) go test -count=1 -timeout 45m ./test/... ./bench/scenario
	@# The OCI conformance suite and oras: a module of its own.
	cd test/oci && $(PLAIN) LINKSPAN_E2E=$(CURDIR)/$(BIN) go test -count=1 -timeout 10m ./...

test-kernel: deps-kernel build $(TOOLS)/kernel ## the whole product on Debian's kernel, in emulation (not part of test)
	LINKSPAN_KERNEL=$(TOOLS)/kernel LINKSPAN_E2E=$(CURDIR)/$(BIN) CGO_ENABLED=0 \
	  go test -count=1 -timeout 40m -run '^TestKernel$$' -v ./test/kernel

test-images: deps ## build every base image and have it do its work in Docker (not part of test)
	$(PLAIN) LINKSPAN_IMAGES=1 go test -count=1 -timeout 30m -run '^TestBaseImages$$' -v ./registry/recipe/build

deps-bench: deps
	@$(MAKE) --no-print-directory deps PACKAGES='$(BENCH_PACKAGES)'

deps-kernel: deps
	@$(MAKE) --no-print-directory deps PACKAGES='$(KERNEL_PACKAGES)'

# Unpacked and not installed: the machine keeps the kernel that it has.
$(TOOLS)/kernel: | deps-kernel
	@echo 'fetching the kernel'
	@rm -rf $@.new && mkdir -p $@.new
	@[ -n "$$(apt-cache show linux-image-cloud-amd64 2>/dev/null)" ] || apt-get update -qq
	@cd $@.new && image=$$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-/ { print $$2; exit }') && \
	  apt-get download -qq -o APT::Sandbox::User=root $$image && dpkg-deb -x $$image*.deb . && rm $$image*.deb
	@/sbin/depmod -b $@.new $$(ls $@.new/lib/modules)
	@mv $@.new $@

lint: $(TOOLS)/golangci-lint ## style and the import law
	$(PLAIN) $(TOOLS)/golangci-lint run ./...
	cd test/moby && $(PLAIN) $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml ./...
	cd test/oci && $(PLAIN) $(TOOLS)/golangci-lint run --config $(CURDIR)/.golangci.yml ./...

$(TOOLS)/golangci-lint:
	@echo 'building golangci-lint'
	@mkdir -p $(TOOLS)
	@cd $(TOOLS) && GOBIN=$(TOOLS) go install $(GOLANGCI_LINT)

dockerd-28: $(TOOLS)/docker-28/dockerd ## build Docker's engine of the 28 line, for soak and lab up --dockerd

dockerd-29: $(TOOLS)/docker-29/dockerd $(TOOLS)/docker-29/runc ## the same of the 29 line, with the runc that it needs

# Each is pinned by the go.sum of a module that has nothing else in it; $(1) is
# the module that the program is of.
version = $$(go list -m -f '{{.Version}}' $(1) | sed 's/^v//; s/+incompatible//')
DOCKERD_TAGS := exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper

$(TOOLS)/docker-28/dockerd: test/dockerd/28/go.mod test/dockerd/28/go.sum
	@echo 'building dockerd of the 28 line'
	@cd test/dockerd/28 && CGO_ENABLED=0 go build -trimpath -tags $(DOCKERD_TAGS) -o $@ \
	  -ldflags "-s -w -X github.com/docker/docker/dockerversion.Version=$(call version,github.com/docker/docker)" \
	  github.com/docker/docker/cmd/dockerd

$(TOOLS)/docker-29/dockerd: test/dockerd/29/go.mod test/dockerd/29/go.sum
	@echo 'building dockerd of the 29 line'
	@cd test/dockerd/29 && CGO_ENABLED=0 go build -trimpath -tags $(DOCKERD_TAGS) -o $@ \
	  -ldflags "-s -w -X github.com/moby/moby/v2/dockerversion.Version=29-moby-$(call version,github.com/moby/moby/v2)" \
	  github.com/moby/moby/v2/cmd/dockerd

$(TOOLS)/docker-29/runc: test/dockerd/runc/go.mod test/dockerd/runc/go.sum
	@$(MAKE) --no-print-directory deps PACKAGES='$(RUNC_PACKAGES)'
	@echo 'building runc'
	@cd test/dockerd/runc && CGO_ENABLED=1 go build -trimpath -tags seccomp -o $@ \
	  -ldflags "-s -w -X main.version=$(call version,github.com/opencontainers/runc)" \
	  github.com/opencontainers/runc

fuzz: ## every fuzz target for FUZZTIME (not part of test)
	@for p in $$(go list ./...); do \
	  dir=$$(go list -f '{{.Dir}}' $$p); \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go 2>/dev/null | sed 's/func //'); do \
	    echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$p; done; done

soak: deps build dockerd-28 dockerd-29 ## an hour of coming and going under random kills, with three dockerds (not part of test)
	@# First the plugin alone, asked by each of the newer ones.
	for v in 28 29; do PATH=$(TOOLS)/docker-$$v:$$PATH go test -count=1 -run '^TestDockerd' ./cnm/docker; done
	LINKSPAN_SOAK_DOCKERD=dockerd:$(TOOLS)/docker-28/dockerd:$(TOOLS)/docker-29/dockerd \
	  LINKSPAN_E2E=$(CURDIR)/$(BIN) LINKSPAN_SOAK=$${LINKSPAN_SOAK:-1h} go test -count=1 -timeout 3h -run Soak -v ./test

bench: deps build deps-bench ## measure against peers; results go to bench/results
	bench/run

demo: deps build ## a two-host lab that shows what Linkspan does
	@examples/demo

docs: build ## make the reference in docs/reference from the program itself
	@mkdir -p docs/reference
	$(BIN) reference > docs/reference/commands.md
	$(BIN) reference configuration > docs/reference/configuration.md

generate: ## make the Go code of the API from its schema (needs protoc)
	GOBIN=$(TOOLS) go install google.golang.org/protobuf/cmd/protoc-gen-go connectrpc.com/connect/cmd/protoc-gen-connect-go
	protoc -I api/proto --plugin=$(TOOLS)/protoc-gen-go --plugin=$(TOOLS)/protoc-gen-connect-go \
	  --go_out=. --go_opt=module=github.com/linkspan/linkspan \
	  --connect-go_out=. --connect-go_opt=module=github.com/linkspan/linkspan api/proto/linkspan/v1/*.proto

clean: ## end the lab and remove what was built
	@if [ -x $(BIN) ]; then for l in $$($(BIN) lab status -q 2>/dev/null); do $(BIN) lab down --name $$l; done; fi
	rm -rf bin $(TOOLS)
