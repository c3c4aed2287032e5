// SPDX-License-Identifier: Apache-2.0

package script_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/script"
	"github.com/linkspan/linkspan/trust/audit"
	"github.com/linkspan/linkspan/trust/sign"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// key returns a key that is the same each time.
func key(t testing.TB, seed byte) *sign.Key {
	t.Helper()
	der := append([]byte{0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20}, bytes.Repeat([]byte{seed}, 32)...)
	k, err := sign.ParseKey([]byte("-----BEGIN PRIVATE KEY-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END PRIVATE KEY-----\n"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rootOf(t testing.TB, version uint64, k *sign.Key, signers ...*sign.Key) []byte {
	t.Helper()
	role := sign.Role{Threshold: 1, Keys: []sign.PublicKey{k.Public()}}
	text, err := sign.SealRoot(&sign.Root{Type: sign.RootType, Fleet: "f1", Version: version, Issued: noon, Root: role, Scripts: role}, append(signers, k)...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// numbered returns statement number n; the number is in its configuration and its images.
func numbered(n uint64, previous string) *linkspan.Statement {
	image := func(name string) string { return fmt.Sprintf("base/%s:%d", name, n) }
	digest := func(c string) string {
		return "sha256:" + strings.Repeat(c, 63) + fmt.Sprint(n%10)
	}
	return &linkspan.Statement{
		Type: linkspan.StatementType, Fleet: "f1", Targets: []string{"sw1", "sw2"}, Epoch: 1, Serial: n, Issued: noon, Expires: noon.Add(24 * time.Hour), Previous: previous,
		Images: map[string]string{image("routing"): digest("a"), image("dns"): digest("b")},
		Script: linkspan.Script{
			Name: "branch", Targets: linkspan.Targets{Names: []string{"sw1"}}, Configure: []string{fmt.Sprintf("set vlans 10 description v%d", n)},
			Composites: []linkspan.Composite{{Name: "edge", Services: []linkspan.CompositeMember{
				{Name: "routing", Image: image("routing"), Capabilities: []string{"NET_ADMIN"}, Volumes: []linkspan.Volume{{Name: "state", Path: "/state"}}},
				{Name: "dns", Image: image("dns"), DependsOn: map[string]string{"routing": linkspan.DependHealthy}},
			}}},
			Gates: []linkspan.Gate{{Name: "up", Healthy: "edge"}},
		},
	}
}

func sealed(t testing.TB, s *linkspan.Statement, keys ...*sign.Key) (envelope []byte, digest string) {
	t.Helper()
	envelope, err := sign.SealStatement(s, keys...)
	if err != nil {
		t.Fatal(err)
	}
	_, digest, err = sign.PeekStatement(envelope)
	if err != nil {
		t.Fatal(err)
	}
	return envelope, digest
}

// stand is a switch in a folder.
type stand struct {
	dir      string
	world    *world
	clock    *clock
	log      *audit.Log
	options  script.Options
	verifier *script.Verifier
	*script.Updater
}

// open opens the switch in a folder, as after a restart. Each point of it may end the process.
func open(t testing.TB, dir string, point func(), change ...func(*script.Options)) *stand {
	t.Helper()
	s := &stand{dir: dir, world: openWorld(t, dir), clock: &clock{noon}}
	directory, err := config.OpenDirectory(filepath.Join(dir, "scripts"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = directory.Close() })
	s.log, err = audit.Open(audit.Options{Dir: filepath.Join(dir, "audit")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.log.Close() })
	s.world.point = point
	s.options = script.Options{
		Disk: pointedDisk{directory, point}, Switch: "sw1", First: rootOf(t, 1, key(t, 1)), Clock: s.clock, Log: s.log,
	}
	for _, c := range change {
		c(&s.options)
	}
	if s.verifier, err = script.Open(s.options); err != nil {
		t.Fatal(err)
	}
	w := s.world
	host := script.Host{Puller: w, Composer: composer{w}, Configurer: configurer{w}, Gates: w, Free: func() (uint64, error) { return 1 << 30, nil }}
	s.Updater = script.NewUpdater(s.verifier, host, key(t, 9))
	return s
}

// is says whether the switch is wholly what statement n says, 0 for none.
func (s *stand) is(t testing.TB, n uint64) error {
	t.Helper()
	var config, running []string
	if n > 0 {
		st := numbered(n, "")
		config, running = st.Script.Configure, pictures(st.Pinned())
	}
	w := openWorld(t, s.dir)
	if fmt.Sprint(w.Config) != fmt.Sprint(config) || fmt.Sprint(w.Running) != fmt.Sprint(running) || w.Pending || w.Made || w.Old != nil {
		return fmt.Errorf("it is not wholly version %d: %+v", n, *w)
	}
	committed, err := s.Committed()
	if err != nil {
		return err
	}
	if n == 0 && committed != nil || n > 0 && (committed == nil || committed.Serial != n) {
		return fmt.Errorf("it says that it is %+v and not version %d", committed, n)
	}
	return nil
}

// outcome reads a receipt.
func outcome(t testing.TB, receipt []byte) linkspan.Receipt {
	t.Helper()
	r, err := sign.OpenReceipt(receipt, key(t, 9).Public(), "sw1")
	if err != nil {
		t.Fatal(err)
	}
	return r
}
