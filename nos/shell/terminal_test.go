// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"connectrpc.com/connect"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/nos/tool"
)

// person sits at a terminal: types, and waits for what is shown.
type person struct {
	t    *testing.T
	pty  *os.File
	done chan struct{} // the shell has ended

	mu    sync.Mutex
	shown strings.Builder
	seen  int // of shown
}

// terminal opens a pseudo terminal whose far side is raw. Close of either ends a Read, as
// their descriptors were not taken out (os.File.Fd).
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := theirs.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	bad := raw.Control(func(fd uintptr) { _, err = term.MakeRaw(int(fd)) })
	if err := errors.Join(bad, err); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// sit has somebody of a role sit at a real pseudo terminal.
func sit(t *testing.T, w *rpctest.World, role string, columns, rows int) (*person, *Console) {
	t.Helper()
	ours, theirs := terminal(t)
	p := &person{t: t, pty: ours, done: make(chan struct{})}
	s := login(t, w, role, drawer{})
	c := NewConsole(theirs, columns, rows)
	watched := make(chan struct{})
	go p.watch(watched)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(p.done)
		if err := s.Interact(ctx, c); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		ours.Close()
		<-p.done
		<-watched
	})
	return p, c
}

func (p *person) watch(watched chan struct{}) {
	defer close(watched)
	buffer := make([]byte, 4096)
	for {
		n, err := p.pty.Read(buffer)
		p.mu.Lock()
		p.shown.Write(buffer[:n])
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// types types keys.
func (p *person) types(keys string) {
	p.t.Helper()
	if _, err := p.pty.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// sees waits for a text that was not yet seen, and returns what came up to its end.
func (p *person) sees(text string) string {
	p.t.Helper()
	found := ""
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		p.mu.Lock()
		rest := p.shown.String()[p.seen:]
		if i := strings.Index(rest, text); i >= 0 {
			found = rest[:i+len(text)]
			p.seen += i + len(text)
		}
		p.mu.Unlock()
		if found != "" {
			return found
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%q did not come after\n%q", text, rest)
		}
	}
}

// says types a line and waits for a text.
func (p *person) says(line, text string) string {
	p.t.Helper()
	p.types(line + "\r")
	return p.sees(text)
}

var codes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// bare is what somebody reads of a text: without codes and carriage returns.
func bare(text string) string { return strings.ReplaceAll(codes.ReplaceAllString(text, ""), "\r", "") }

func TestTerminal(t *testing.T) {
	w := world(t)
	p, _ := sit(t, w, "admin", 80, 24)
	p.sees("linkspan# ")
	p.types("sh?")
	help := bare(p.sees("linkspan# sh"))
	if !strings.Contains(help, "  show  Show how the switch is") {
		t.Errorf("help: %q", help)
	}
	p.types("\t")
	p.types("vl\t1\t\r")
	p.sees("eth1")
	p.sees("linkspan# ")
	p.says("configure", "linkspan(config)# ")
	p.types("set vlans 1?")
	if help := bare(p.sees("(config)# set vlans 1")); !strings.Contains(help, "<VLAN id 1 to 4094>") || !strings.Contains(help, "<cr>") {
		t.Errorf("help: %q", help)
	}
	p.types("0 desc\toffices\r")
	p.sees("linkspan(config)*# ")
	p.types("set ports et\t\t")
	p.sees("eth1")
	p.sees("set ports eth")
	p.types("1 mode trunk\r")
	p.sees("linkspan(config)*# ")
	if got := bare(p.says("compare", "linkspan(config)*# ")); !strings.Contains(got, "+     description: offices") || !strings.Contains(got, "+     mode: trunk") {
		t.Errorf("compare: %q", got)
	}
	if got := bare(p.says("set vlans 5000", "linkspan(config)*# ")); !strings.Contains(got, "\n"+strings.Repeat(" ", len("linkspan(config)*# set vlans "))+"^\nerror: ") {
		t.Errorf("a mistake: %q", got)
	}
	p.says("edit vlans 10", "linkspan(config vlans 10)*# ")
	p.says("exit", "linkspan(config)*# ")
	if got := p.says("exit", "linkspan(config)*# "); !strings.Contains(got, "not committed") {
		t.Errorf("exit: %q", got)
	}
	p.says("set system hostname edge1", "linkspan(config)*# ")
	p.says("commit comment by hand", "edge1(config)# ")
	p.says("exit", "edge1# ")
	p.types("\x1b[A\x1b[A\r") // the line before the last
	p.sees("error: ")         // it is one of the other mode
	p.sees("edge1# ")
	p.types("nonsense\x03")
	p.sees("edge1# ")
	p.types("\x04")
	<-p.done
	if n := w.Manager.Number(); n != 1 {
		t.Errorf("revision %d runs", n)
	}
}

// many makes a configuration of several pages.
func many(t *testing.T, w *rpctest.World, n int) {
	t.Helper()
	var b strings.Builder
	for i := range n {
		b.WriteString("set vlans " + string(rune('1'+i/10%9)) + string(rune('0'+i%10)) + "\n")
	}
	c := w.As(t, "admin")
	if _, err := c.Config.Change(t.Context(), connect.NewRequest(&apiv1.ConfigServiceChangeRequest{Text: []byte(b.String())})); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Config.Commit(t.Context(), connect.NewRequest(&apiv1.ConfigServiceCommitRequest{})); err != nil {
		t.Fatal(err)
	}
}

func TestPages(t *testing.T) {
	w := world(t)
	many(t, w, 60)
	p, c := sit(t, w, "viewer", 80, 10)
	p.sees("linkspan> ")
	if first := bare(p.says("show configuration | set", "--More--")); strings.Count(first, "\n") != 10 { // the line that was typed, and 9
		t.Errorf("a page: %q", first)
	}
	p.types("\r")
	if next := bare(p.sees("--More--")); strings.Count(next, "set vlans") != 1 {
		t.Errorf("a line: %q", next)
	}
	p.types(" ")
	if next := bare(p.sees("--More--")); strings.Count(next, "set vlans") != 9 {
		t.Errorf("a page: %q", next)
	}
	p.types("q")
	p.sees("linkspan> ")
	if all := bare(p.says("show configuration | set | no-more", "linkspan> ")); strings.Count(all, "set vlans") != 60 {
		t.Errorf("without pages: %q", all)
	}
	c.Resize(80, 100)
	if all := bare(p.says("show configuration | set", "linkspan> ")); strings.Count(all, "set vlans") != 60 {
		t.Errorf("on a high terminal: %q", all)
	}
}

// On a narrow terminal rows are below one another, and nothing is wider than it.
func TestNarrow(t *testing.T) {
	w := world(t)
	many(t, w, 2)
	p, _ := sit(t, w, "admin", 40, 40)
	p.sees("linkspan# ")
	got := bare(p.says("show history", "linkspan# "))
	if !strings.Contains(got, "Revision: 1") || !strings.Contains(got, "Who:      admin") {
		t.Errorf("rows: %q", got)
	}
	p.types("conf?")
	got += p.sees("linkspan# conf")
	p.types("\x03")
	for line := range strings.FieldsFuncSeq(got, func(r rune) bool { return r == '\n' || r == '\x1b' }) {
		if len([]rune(line)) > 40 {
			t.Errorf("%q is wider than the terminal", line)
		}
	}
	p.sees("linkspan# ")
	p.says("configure", "linkspan(config)# ")
	p.says("edit interfaces eth0", "linkspa(config ..)")
}

// Ctrl-C ends a command that runs, and what was typed meanwhile is lost.
func TestInterrupt(t *testing.T) {
	ended := make(chan struct{})
	w := rpctest.New(t, func(o *rpc.Options) {
		o.Run = func(ctx context.Context, _ tool.Command, each func(string) error) error {
			defer close(ended)
			if err := each("first answer"); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		}
	})
	p, _ := sit(t, w, "viewer", 80, 24)
	p.sees("linkspan> ")
	p.says("ping 192.0.2.1 count 100", "first answer")
	p.types("\x03")
	<-ended
	if got := bare(p.sees("linkspan> ")); strings.Contains(got, "error") {
		t.Errorf("%q", got)
	}
	if got := bare(p.says("monitor interface lo", "\nlo ")); got == "" {
		t.Error("no counters")
	}
}

// Nobody at the terminal for a while ends the shell.
func TestIdle(t *testing.T) {
	w := world(t)
	ours, theirs := terminal(t)
	defer ours.Close()
	c := NewConsole(theirs, 80, 24)
	c.Idle = 50 * time.Millisecond
	go func() { _, _ = ours.WriteTo(discard{}) }() // it ends with the terminal
	if err := login(t, w, "viewer", nil).Interact(t.Context(), c); err != nil {
		t.Error(err)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// A change by somebody else that is to be confirmed is told, and that it returned.
func TestToldOfWhatIsPending(t *testing.T) {
	w := world(t)
	p, _ := sit(t, w, "viewer", 80, 24)
	p.sees("linkspan> ")
	if _, err := run(t, w, "configure; set system hostname tmp; commit confirm 10"); err != nil {
		t.Fatal(err)
	}
	p.types("\r")
	p.sees("Revision 1 of admin goes back at ")
	p.sees("tmp> ")
	if _, err := run(t, w, "return"); err != nil {
		t.Fatal(err)
	}
	p.types("\r")
	p.sees("Revision 1 was not confirmed; revision 2 runs.")
	p.sees("linkspan> ")
}

func TestBroken(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"short", "short"},
		{"error: there is no such thing", "error:\n  there is\n  no such\n  thing"},
		{"averyverylongword and", "averyverylongword and"},
		{"", ""},
	} {
		if got := broken(c.line, 10); got != c.want {
			t.Errorf("%q: %q", c.line, got)
		}
	}
}
