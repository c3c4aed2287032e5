// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/linkspan/linkspan/trust"
)

func openKeys(t *testing.T, dir string) keys {
	t.Helper()
	k, err := (&controllerRole{stateDir: dir}).openKeys()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	first, second := openKeys(t, dir), openKeys(t, dir)
	if first.ca.Fingerprint() != second.ca.Fingerprint() {
		t.Error("a restart made another CA")
	}
	own, again := first.tls.Keeper.KeyPair(), second.tls.Keeper.KeyPair()
	if trust.SerialOf(own.Certificate()) != trust.SerialOf(again.Certificate()) {
		t.Error("a restart made another certificate")
	}
	if id := own.Identity(); id.Kind != trust.KindController || id.Validate() != nil {
		t.Errorf("it is certified as %s", id)
	}
	for _, name := range []string{"ca/ca.key", "controller.pem"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestCertificateIsRenewedWhenDue(t *testing.T) {
	dir := t.TempDir()
	past := func() time.Time { return time.Now().Add(-80 * 24 * time.Hour) } // of 90
	ca, err := trust.OpenCA(filepath.Join(dir, "ca"), trust.CAConfig{Now: past})
	if err != nil {
		t.Fatal(err)
	}
	request, err := trust.NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := ca.Issue(request.CSR(), trust.Identity{Kind: trust.KindController, Name: "ctl"})
	if err != nil {
		t.Fatal(err)
	}
	old, err := request.Complete(chain, ca.Fingerprint(), past())
	if err != nil {
		t.Fatal(err)
	}
	keeper, err := trust.OpenKeeper(filepath.Join(dir, "controller.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Replace(old); err != nil {
		t.Fatal(err)
	}
	k := openKeys(t, dir)
	own := k.tls.Keeper.KeyPair().Certificate()
	if trust.NeedsRenewal(own, time.Now()) || trust.SerialOf(own) == trust.SerialOf(old.Certificate()) || k.ca.Fingerprint() != ca.Fingerprint() {
		t.Error("a start with a certificate that is due keeps it, or makes another CA")
	}
}

// A controller asks its own CA, as the loop of a keeper does it.
func TestRenewalByTheOwnCA(t *testing.T) {
	k := openKeys(t, t.TempDir())
	old := k.tls.Keeper.KeyPair()
	exchange := func(_ context.Context, csr []byte) ([]byte, error) {
		return k.ca.Renew(csr, k.tls.Keeper.KeyPair().Certificate())
	}
	if err := k.tls.Keeper.Renew(t.Context(), exchange, time.Now()); err != nil {
		t.Fatal(err)
	}
	if renewed := k.tls.Keeper.KeyPair(); renewed.Identity() != old.Identity() || trust.SerialOf(renewed.Certificate()) == trust.SerialOf(old.Certificate()) {
		t.Error("it is not renewed as the same")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	k.renew(ended, slog.New(slog.DiscardHandler)) // ends with its context
}

func TestKeysThatOthersMayRead(t *testing.T) {
	dir := t.TempDir()
	openKeys(t, dir)
	if err := os.Chmod(filepath.Join(dir, "ca", "ca.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := (&controllerRole{stateDir: dir}).openKeys(); err == nil {
		t.Error("a key that others may read is used")
	}
}
