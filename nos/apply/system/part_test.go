// SPDX-License-Identifier: Apache-2.0

package system

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// fakeKernel has a name, unless it fails.
type fakeKernel struct {
	name string
	fail error
}

func (k *fakeKernel) Hostname() (string, error) { return k.name, nil }

func (k *fakeKernel) SetHostname(name string) error {
	if k.fail == nil {
		k.name = name
	}
	return k.fail
}

// world is a root with some files.
type world struct {
	*testing.T
	root   string
	kernel *fakeKernel
	told   *heard
	part   *Part
	now    *tree.Tree
}

// heard is what a logger was told.
type heard []Logging

// Log notes what it is told.
func (h *heard) Log(to Logging) { *h = append(*h, to) }

func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	w := &world{T: t, root: t.TempDir(), kernel: &fakeKernel{name: "debian"}, told: new(heard)}
	for name, text := range files {
		w.put(name, text)
	}
	w.put("zones/Europe/Berlin", "zone")
	w.start()
	w.now = configured(t)
	return w
}

// start is a start of the process.
func (w *world) start() {
	w.Helper()
	var err error
	w.part, err = New(Options{Root: w.root, Zones: filepath.Join(w.root, "zones"), Keep: filepath.Join(w.root, "kept.json"), Kernel: w.kernel, Logging: w.told})
	if err != nil {
		w.Fatal(err)
	}
}

func configured(t testing.TB, commands ...string) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	return with(t, tree.New(s), commands...)
}

func with(t testing.TB, from *tree.Tree, commands ...string) *tree.Tree {
	t.Helper()
	next, err := from.Merge(tree.Commands, []byte(strings.Join(commands, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func (w *world) put(name, text string) {
	w.Helper()
	path := filepath.Join(w.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		w.Fatal(err)
	}
}

// is checks what a file is; "-" is none.
func (w *world) is(name, want string) {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.root, name))
	got := string(text)
	if errors.Is(err, fs.ErrNotExist) {
		got = "-"
	}
	if got != want {
		w.Errorf("%s is %q, want %q", name, got, want)
	}
}

// commit applies and reads back; from an unknown host if boot. It returns how to undo it.
func (w *world) commit(boot bool, commands ...string) func() {
	w.Helper()
	old, next := w.now, with(w, w.now, commands...)
	if boot {
		old = nil
	}
	p, err := w.part.Plan(w.Context(), old, next)
	if err == nil {
		err = p.Apply(w.Context())
	}
	if err == nil {
		err = p.Verify(w.Context())
	}
	if err != nil {
		w.Fatal(err)
	}
	before := w.now
	w.now = next
	return func() {
		w.Helper()
		if err := p.Undo(w.Context()); err != nil {
			w.Fatal(err)
		}
		w.now = before
	}
}

func (w *world) drift(want ...string) {
	w.Helper()
	found, err := w.part.Drift(w.Context(), w.now)
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for _, d := range found {
		got = append(got, tree.Join(d.Path))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("drift (-want +got):\n%s", diff)
	}
}

func TestWhatIsConfiguredIsWrittenAndGivenBack(t *testing.T) {
	w := newWorld(t, map[string]string{"etc/hostname": "debian\n", "etc/hosts": "127.0.0.1 localhost", "etc/resolv.conf": "nameserver 203.0.113.1\n"})
	w.commit(false, "set system hostname edge1", "set system time-zone Europe/Berlin", "set system banner 'Keep out'",
		"set system dns server 192.0.2.53", "set system dns server 2001:db8::53", "set system dns search example.net")
	w.is("etc/hostname", "edge1\n")
	w.is("etc/hosts", "127.0.0.1 localhost\n127.0.1.1\tedge1\t# linkspan\n")
	w.is("etc/timezone", "Europe/Berlin\n")
	w.is("etc/localtime", "zone")
	w.is("etc/issue", "Keep out\n")
	w.is("etc/issue.net", "Keep out\n")
	w.is("etc/resolv.conf", notice+"nameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch example.net\n")
	if w.kernel.name != "edge1" {
		t.Errorf("the kernel has %q", w.kernel.name)
	}
	w.drift()
	w.commit(false, "set system hostname edge2")
	w.is("etc/hosts", "127.0.0.1 localhost\n127.0.1.1\tedge2\t# linkspan\n")
	w.start()
	w.commit(false, "delete system")
	w.is("etc/hostname", "debian\n")
	w.is("etc/hosts", "127.0.0.1 localhost\n")
	w.is("etc/resolv.conf", "nameserver 203.0.113.1\n")
	for _, none := range []string{"etc/timezone", "etc/localtime", "etc/issue"} {
		w.is(none, "-")
	}
	if w.kernel.name != "debian" {
		t.Errorf("the kernel has %q", w.kernel.name)
	}
	w.put("etc/resolv.conf", "nameserver 203.0.113.2\n")
	w.start()
	w.commit(true)
	w.is("etc/resolv.conf", "nameserver 203.0.113.2\n") // no longer ours
}

func TestUndoneIsAsBefore(t *testing.T) {
	w := newWorld(t, map[string]string{"etc/resolv.conf": "nameserver 203.0.113.1\n"})
	w.commit(false, "set system dns server 192.0.2.53")
	w.commit(false, "delete system dns")()
	w.is("etc/resolv.conf", notice+"nameserver 192.0.2.53\n")
	w.commit(false, "delete system dns")
	w.is("etc/resolv.conf", "nameserver 203.0.113.1\n")
	w.commit(false, "set system hostname edge1")()
	w.is("etc/hostname", "-")
	w.is("etc/hosts", "-")
}

func TestAFailureHalfWayLeavesNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.kernel.fail = errors.New("not permitted")
	next := with(t, w.now, "set system hostname edge1", "set system banner hello")
	p, err := w.part.Plan(t.Context(), w.now, next)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(t.Context()); !errors.Is(err, w.kernel.fail) {
		t.Errorf("got %v", err)
	}
	w.is("etc/hostname", "-")
	p, err = w.part.Plan(t.Context(), nil, next)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(t.Context()); !errors.Is(err, w.kernel.fail) {
		t.Errorf("got %v", err)
	}
	w.is("etc/issue", "hello\n") // as much as can be
}

func TestDriftIsToldAndLeft(t *testing.T) {
	w := newWorld(t, nil)
	w.commit(false, "set system hostname edge1", "set system dns server 192.0.2.53")
	w.put("etc/resolv.conf", "nameserver 8.8.8.8\n")
	w.kernel.name = "other"
	w.drift("system hostname", "system dns")
	w.commit(false, "set system banner hello")
	w.is("etc/resolv.conf", "nameserver 8.8.8.8\n")
	w.commit(true)
	w.drift()
}

func TestTimeServersOfWhatIsInstalled(t *testing.T) {
	w := newWorld(t, map[string]string{"usr/sbin/chronyd": ""})
	w.commit(false, "set system ntp server ntp.example.net", "set system ntp server 192.0.2.123")
	w.is("etc/chrony/sources.d/linkspan.sources", notice+"server 192.0.2.123 iburst\nserver ntp.example.net iburst\n")
	w.is("etc/systemd/timesyncd.conf.d/linkspan.conf", "-")
	w.commit(false, "delete system ntp")
	w.is("etc/chrony/sources.d/linkspan.sources", "-")
}

func TestWhatTheHostCannotDo(t *testing.T) {
	w := newWorld(t, nil)
	_, err := w.part.Plan(t.Context(), w.now, with(t, w.now, "set system time-zone Europe/Atlantis", "set system ntp server 192.0.2.123"))
	for _, want := range []string{"Europe/Atlantis", "no program that sets the clock"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in %v", want, err)
		}
	}
}

// What the host cannot do any more keeps nobody from changing something else.
func TestOtherCommitsGoOn(t *testing.T) {
	w := newWorld(t, map[string]string{"usr/sbin/chronyd": ""})
	w.commit(false, "set system ntp server 192.0.2.123", "set system time-zone Europe/Berlin")
	for _, gone := range []string{"usr/sbin/chronyd", "zones/Europe/Berlin"} {
		if err := os.Remove(filepath.Join(w.root, gone)); err != nil {
			t.Fatal(err)
		}
	}
	w.commit(false, "set system banner hello")
	if _, err := w.part.Plan(t.Context(), w.now, with(t, w.now, "set system ntp server 192.0.2.124")); err == nil {
		t.Error("servers are changed though nothing sets the clock")
	}
}

func TestLoggingIsTold(t *testing.T) {
	w := newWorld(t, nil)
	undo := w.commit(false, "set system logging level debug", "set system logging remote log.example.net protocol tls")
	w.commit(false, "set system banner x")
	undo()
	want := []Logging{{Level: "debug", Remotes: []Remote{{"log.example.net:514", "tls"}}}, {}}
	if diff := cmp.Diff(want, []Logging(*w.told)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if level, ok := want[0].SlogLevel(); !ok || level != slog.LevelDebug {
		t.Error(level, ok)
	}
}

func TestTheNamesOfHosts(t *testing.T) {
	for _, c := range []struct{ hosts, name, want string }{
		{"", "a", "127.0.1.1\ta\t# linkspan\n"},
		{"127.0.1.1\ta\t# linkspan\n::1 x\n", "b", "::1 x\n127.0.1.1\tb\t# linkspan\n"},
		{"::1 x\n127.0.1.1\tb\t# linkspan", "", "::1 x\n"},
	} {
		if got := withName(c.hosts, c.name); got != c.want {
			t.Errorf("%q with %q is %q, want %q", c.hosts, c.name, got, c.want)
		}
	}
}

func TestTheKernelsName(t *testing.T) {
	name, err := UTS{}.Hostname()
	if want, wrong := os.Hostname(); name != want || err != nil || wrong != nil {
		t.Errorf("%q, %v, %v", name, err, wrong)
	}
}
