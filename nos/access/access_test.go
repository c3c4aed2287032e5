// SPDX-License-Identifier: Apache-2.0

package access_test

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust"
)

const (
	annKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEsXCTxAQL4GAJh4xsrHAUfGCbBKJoN4mYvmDU51Ri6c ann@desk"
	// Of "ann's password" and "eve's password", as cheap as is allowed.
	annHash = "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$jGhZQV66F5X7QBV6uNfsC1HnG7YPoDZslWl0UEnJgwM"
	eveHash = "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$fz80Q/evrcAQY3YARm1c723fp4j1RwY/O18u7VVUbhE"
	users   = `
set system users ann role operator
set system users ann full-name "Ann Smith"
set system users ann public-key "` + annKey + `"
set system users bob role operator
set system users bob confined-to "vlans 10"
set system users bob confined-to ports
set system users eve role viewer
set system users root2 role admin
`
)

func empty(t *testing.T) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	return tree.New(s)
}

func with(t *testing.T, before *tree.Tree, commands string) *tree.Tree {
	t.Helper()
	after, err := before.Merge(tree.Commands, []byte(commands))
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// guard is of the users above, whose clock stands still until it is moved.
type world struct {
	*access.Guard
	running *tree.Tree
	now     time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{running: with(t, empty(t), users), now: time.Unix(1e9, 0)}
	for name, hash := range map[string]string{"ann": annHash, "eve": eveHash} {
		w.running = with(t, w.running, "set system users "+name+" password-hash '"+hash+"'")
	}
	w.Guard = access.NewGuard(access.Options{Running: func() *tree.Tree { return w.running }, Now: func() time.Time { return w.now }})
	return w
}

func (w *world) again(t *testing.T, name string) access.User {
	t.Helper()
	u, err := w.Again(access.User{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestPassword(t *testing.T) {
	w := newWorld(t)
	u, err := w.Password(t.Context(), "ann", "ann's password", netip.MustParseAddr("192.0.2.1"))
	if diff := cmp.Diff(access.User{Name: "ann", FullName: "Ann Smith", Role: trust.RoleOperator}, u); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	var told []string
	for i, c := range [][2]string{{"ann", "eve's password"}, {"eve", "ann's password"}, {"bob", ""}, {"nobody", "ann's password"}, {"ann", ""}, {"a b", "x"}} {
		u, err := w.Password(t.Context(), c[0], c[1], netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i)}))
		if linkspan.CodeOf(err) != linkspan.Unauthenticated || !cmp.Equal(u, access.User{}) {
			t.Errorf("%q: %v, %v", c, u, err)
		}
		told = append(told, err.Error())
	}
	for _, text := range told {
		if text != told[0] {
			t.Errorf("what was wrong is told: %q and %q", text, told[0])
		}
	}
}

func TestTooManyTries(t *testing.T) {
	w := newWorld(t)
	bad := netip.MustParseAddr("2001:db8::1")
	for range 5 {
		if _, err := w.Password(t.Context(), "ann", "guess", bad); linkspan.CodeOf(err) != linkspan.Unauthenticated {
			t.Fatal(err)
		}
	}
	neighbour := netip.MustParseAddr("2001:db8::ffff")
	if _, err := w.Password(t.Context(), "ann", "ann's password", neighbour); linkspan.CodeOf(err) != linkspan.Exhausted {
		t.Errorf("the sixth try of a network: %v", err)
	}
	if _, err := w.Password(t.Context(), "ann", "ann's password", netip.MustParseAddr("2001:db8:0:1::1")); err != nil {
		t.Errorf("another network: %v", err)
	}
	w.now = w.now.Add(11 * time.Second)
	if _, err := w.Password(t.Context(), "ann", "ann's password", bad); err != nil {
		t.Errorf("after a while: %v", err)
	}
	if _, err := w.Password(t.Context(), "eve", "guess", bad); linkspan.CodeOf(err) != linkspan.Unauthenticated {
		t.Errorf("what was right does not count: %v", err)
	}
	if _, err := w.Password(t.Context(), "eve", "guess", bad); linkspan.CodeOf(err) != linkspan.Exhausted {
		t.Errorf("what was right frees no more than itself: %v", err)
	}
}

// TestManyAddresses has more addresses than are remembered; one that tried too
// often is not forgotten for those that tried once.
func TestManyAddresses(t *testing.T) {
	tries := access.NewTries(func() time.Time { return time.Unix(1e9, 0) })
	bad := netip.MustParseAddr("192.0.2.1")
	for range 5 {
		if err := tries.Take(bad); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10000 {
		if err := tries.Take(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})); err != nil {
			t.Fatal(err)
		}
	}
	if tries.Len() > 4096 {
		t.Errorf("%d addresses are remembered", tries.Len())
	}
	if err := tries.Take(bad); linkspan.CodeOf(err) != linkspan.Exhausted {
		t.Errorf("it is forgotten: %v", err)
	}
}

func TestKey(t *testing.T) {
	w := newWorld(t)
	key, err := base64.StdEncoding.DecodeString(strings.Fields(annKey)[1])
	if err != nil {
		t.Fatal(err)
	}
	if u, err := w.Key(t.Context(), "ann", key); u.Name != "ann" || err != nil {
		t.Errorf("%v, %v", u, err)
	}
	for name, k := range map[string][]byte{"eve": key, "nobody": key, "ann": key[:len(key)-1], "bob": nil} {
		if u, err := w.Key(t.Context(), name, k); linkspan.CodeOf(err) != linkspan.Unauthenticated || u.Name != "" {
			t.Errorf("%s: %v, %v", name, u, err)
		}
	}
}

func TestAgain(t *testing.T) {
	w := newWorld(t)
	ann := w.again(t, "ann")
	w.running = with(t, w.running, "set system users ann role viewer")
	if now := w.again(t, "ann"); now.Role != trust.RoleViewer {
		t.Errorf("ann is still %v", now)
	}
	w.running = with(t, w.running, "delete system users ann")
	if _, err := w.Again(ann); linkspan.CodeOf(err) != linkspan.Unauthenticated {
		t.Errorf("a user that was removed: %v", err)
	}
	if u, err := w.Again(access.Local("root")); u.Role != trust.RoleAdmin || err != nil {
		t.Errorf("%v, %v", u, err)
	}
	if !w.Users() {
		t.Error("nobody can log in")
	}
}

// TestMay is the table of who may do what.
func TestMay(t *testing.T) {
	want := map[access.Act]string{
		access.Look: "voa", access.Probe: "voa", access.Edit: "oa", access.Lock: "oa", access.Capture: "oa", access.Attach: "oa", access.Support: "oa",
		access.Repair: "oa", access.Serve: "a", access.Secrets: "a", access.Audit: "a", access.Preempt: "a", access.Shell: "a",
	}
	for _, act := range access.Acts() {
		got := ""
		for _, role := range trust.Roles() {
			err := access.User{Name: "x", Role: role}.May(act)
			if err == nil {
				got += string(role[0])
			} else if linkspan.CodeOf(err) != linkspan.Permission || linkspan.HintOf(err) == "" {
				t.Errorf("%s of %s: %v", act, role, err)
			}
		}
		if got != want[act] {
			t.Errorf("%s may be done by %q, want %q", act, got, want[act])
		}
		if err := (access.User{}).May(act); linkspan.CodeOf(err) != linkspan.Unauthenticated {
			t.Errorf("%s of nobody: %v", act, err)
		}
	}
	if len(want) != len(access.Acts()) {
		t.Errorf("%d acts", len(access.Acts()))
	}
	if err := access.Local("root").May("fly"); linkspan.CodeOf(err) != linkspan.Internal {
		t.Errorf("an act that is not in the table: %v", err)
	}
}

// TestConfined is what those may who are confined to a part of the configuration.
func TestConfined(t *testing.T) {
	u := newWorld(t).again(t, "bob")
	var may []access.Act
	for _, act := range access.Acts() {
		switch err := u.May(act); {
		case err == nil:
			may = append(may, act)
		case linkspan.CodeOf(err) != linkspan.Permission || linkspan.HintOf(err) == "":
			t.Errorf("%s: %v", act, err)
		}
	}
	if diff := cmp.Diff([]access.Act{access.Look, access.Probe, access.Edit, access.Support}, may); diff != "" {
		t.Error(diff)
	}
}

func TestMayChange(t *testing.T) {
	w := newWorld(t)
	before := with(t, w.running, `
set vlans 10 description offices
set vlans 20 description labs
set ports eth1 mode access
set system hostname edge1
`)
	for _, c := range []struct {
		who, commands string
		refused       []string // paths
	}{
		{"root2", "delete system; delete vlans; set system hostname edge2", nil},
		{"ann", "set vlans 10 description rooms; delete vlans 20; set ports eth2 mode access", nil},
		{"ann", "set system hostname edge2", []string{"system hostname"}},
		{"ann", "set system users ann role admin", []string{"system users ann role"}},
		{"ann", "delete system hostname", []string{"system hostname"}},
		{"ann", "delete system users bob; set vlans 30", []string{"system users bob", "system users bob role", "system users bob confined-to"}},
		{"eve", "set vlans 10 description mine", []string{"vlans 10 description"}},
		{"eve", "", nil},
		{"bob", "set vlans 10 description rooms; delete ports eth1; set ports eth3 mode access", nil},
		{"bob", "set vlans 100 description rooms", []string{"vlans 100 description"}},
		{"bob", "delete vlans", []string{"vlans 20", "vlans 20 description"}},
		{"bob", "set vlans 20 description x; set system hostname y", []string{"system hostname", "vlans 20 description"}},
		{"nobody", "set vlans 10 description x", []string{"vlans 10 description"}},
	} {
		t.Run(c.who+" "+c.commands, func(t *testing.T) {
			u, _ := w.Again(access.User{Name: c.who})
			err := u.MayChange(before, with(t, before, strings.ReplaceAll(c.commands, "; ", "\n")))
			if diff := cmp.Diff(c.refused, refusedPaths(t, err)); diff != "" {
				t.Errorf("refused (-want +got):\n%s\n%v", diff, err)
			}
		})
	}
}

func refusedPaths(t *testing.T, err error) (paths []string) {
	t.Helper()
	var all tree.Problems
	if err == nil {
		return nil
	}
	if !errors.As(err, &all) || linkspan.CodeOf(err) != linkspan.Permission {
		t.Fatalf("%v", err)
	}
	for _, p := range all {
		paths = append(paths, tree.Join(p.Path))
	}
	return paths
}

// TestSecretsAreNotTold changes a secret that the user may not.
func TestSecretsAreNotTold(t *testing.T) {
	w := newWorld(t)
	const hash = "$2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe"
	changed := with(t, w.running, "set system users eve password-hash '"+hash+"'")
	for name, err := range map[string]error{
		"set":    w.again(t, "ann").MayChange(w.running, changed),
		"delete": w.again(t, "ann").MayChange(changed, with(t, changed, "delete system users eve password-hash")),
	} {
		if err == nil || strings.Contains(err.Error(), "$2b$") || !strings.Contains(err.Error(), "password-hash") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDecoy compares the password of nobody with the costliest hash that there is, and lets
// nobody in by it.
func TestDecoy(t *testing.T) {
	w := newWorld(t)
	before := access.Decoy(w.Guard)
	const hash = "$2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe"
	w.running = with(t, w.running, "set system users root2 password-hash '"+hash+"'")
	if got := access.Decoy(w.Guard); got != hash || got == before {
		t.Errorf("%s, and before %s", got, before)
	}
	w.running = with(t, empty(t), "set system users ann role operator\nset system users ann password-hash '"+
		"$argon2id$v=19$m=65536,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$jGhZQV66F5X7QBV6uNfsC1HnG7YPoDZslWl0UEnJgwM'")
	if _, err := w.Password(t.Context(), "nobody", "ann's password", netip.MustParseAddr("192.0.2.1")); linkspan.CodeOf(err) != linkspan.Unauthenticated {
		t.Error(err)
	}
}
