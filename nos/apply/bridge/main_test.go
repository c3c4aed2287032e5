// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func base(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func loaded(t testing.TB, s *schema.Schema, commands string) *tree.Tree {
	t.Helper()
	tr, err := tree.New(s).Load(tree.Commands, []byte(commands))
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// host is an Open vSwitch with a configuration.
type host struct {
	*ovstest.Instance
	t    testing.TB
	part *Part
	m    *config.Manager
}

// start starts an Open vSwitch without a configuration.
func start(t testing.TB) *host {
	t.Helper()
	o := ovstest.Start(t)
	ignore := goleak.IgnoreCurrent()
	sw := ovs.Start(ovs.Config{RunDir: o.RunDir, Bridge: Name})
	t.Cleanup(func() {
		sw.Close()
		goleak.VerifyNone(t, ignore)
		o.Vsctl("--if-exists", "del-br", Name) // its internal ports would outlast ovs-vswitchd
	})
	h := &host{Instance: o, t: t, part: New(Config{Switch: sw, Wait: 30 * time.Second})}
	h.m = h.open(t.TempDir())
	return h
}

// open reads the revisions of a folder.
func (h *host) open(dir string) *config.Manager {
	h.t.Helper()
	disk, err := config.OpenDirectory(dir)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { disk.Close() })
	m, err := config.Open(config.Options{Disk: disk, Host: h.part, Schema: base(h.t), BootID: "one", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// try commits a change.
func (h *host) try(commands string) error {
	h.t.Helper()
	s := h.m.Edit(config.Author{Who: "ann", How: "test"})
	defer s.Close()
	if err := s.Merge(tree.Commands, []byte(commands)); err != nil {
		h.t.Fatal(err)
	}
	_, err := s.Commit(limited(h.t, time.Minute), config.Commit{})
	return err
}

// commit commits a change, which must go well, and lets the bridge do what it says.
func (h *host) commit(commands string) {
	h.t.Helper()
	if err := h.try(commands); err != nil {
		h.t.Fatal(err)
	}
	if Needed(h.m.Running()) {
		h.Ofctl("add-flow", Name, "actions=NORMAL")
	}
}

func (h *host) drift() []config.Drift {
	h.t.Helper()
	all, err := h.m.Drift(limited(h.t, 30*time.Second))
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// get returns a column of a row.
func (h *host) get(table, row, column string) string {
	h.t.Helper()
	return h.Vsctl("--if-exists", "get", table, row, column)
}

func limited(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), d)
	t.Cleanup(cancel)
	return ctx
}
