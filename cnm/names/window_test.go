// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/names"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func open(t *testing.T, c *container, source names.Source, scopes ...names.Scope) *names.Window {
	t.Helper()
	w, err := names.Open(t.Context(), names.NewResolver(source), c.path, scopes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func (c *container) tables() string {
	c.t.Helper()
	var out []byte
	c.inside(func() (err error) {
		out, err = exec.Command("nft", "list", "ruleset").CombinedOutput()
		return err
	})
	return string(out)
}

// Ours is answered, and whatever else there may be comes back from Docker's
// resolver as it went there.
func TestWindow(t *testing.T) { eachContainer(t, window) }

func window(t *testing.T, c *container) {
	open(t, c, town(), web)
	large := ask(t, "www.example.com", dnsmessage.TypeA, edns(4096, 0))
	large = append(large, bytes.Repeat([]byte{7}, 3000)...)
	foreign := map[string][]byte{
		"a public name": ask(t, "www.example.com", dnsmessage.TypeA),
		"with EDNS":     ask(t, "www.example.com", dnsmessage.TypeAAAA, edns(1232, 0)),
		"a large one":   large,
		"chaos":         ask(t, "version.bind", dnsmessage.TypeTXT, func(m *dnsmessage.Message) { m.Questions[0].Class = dnsmessage.ClassCHAOS }),
		"an update":     ask(t, "c1", dnsmessage.TypeA, func(m *dnsmessage.Message) { m.OpCode = 5 }),
		"no DNS at all": []byte("something that is no DNS message at all"),
	}
	for _, network := range []string{"udp", "tcp"} {
		reply, err := c.ask(network, ask(t, "db", dnsmessage.TypeA))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"10.7.0.2", "10.7.0.3"}, told(t, reply)); diff != "" {
			t.Errorf("%s: %s", network, diff)
		}
		for what, message := range foreign {
			reply, err := c.ask(network, message)
			if err != nil {
				t.Errorf("%s by %s: %v", what, network, err)
				continue
			}
			want := bytes.Clone(message)
			want[2] |= 0x80
			if !bytes.Equal(want, reply) {
				t.Errorf("%s by %s was changed on the way:\n%x\n%x", what, network, want, reply)
			}
		}
	}
}

// Whoever asks just when the window opens is answered, by us or by Docker's
// resolver: the answer finds back.
func TestNoQuestionIsLostWhileTheWindowOpens(t *testing.T) {
	eachContainer(t, noQuestionIsLostWhileTheWindowOpens)
}

func noQuestionIsLostWhileTheWindowOpens(t *testing.T, c *container) {
	query := ask(t, "c1", dnsmessage.TypeA)
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		var askers errgroup.Group
		for range 3 {
			askers.Go(func() error {
				for ctx.Err() == nil {
					if _, err := c.ask("udp", query); err != nil {
						return err
					}
				}
				return nil
			})
		}
		w, err := names.Open(t.Context(), names.NewResolver(town()), c.path, []names.Scope{web})
		if err != nil {
			t.Fatal(err)
		}
		ovstest.Eventually(t, "it answers", func() bool { return c.knows("c1") })
		cancel()
		if err := askers.Wait(); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestManyAnswersComeByTCP(t *testing.T) { eachContainer(t, manyAnswersComeByTCP) }

func manyAnswersComeByTCP(t *testing.T, c *container) {
	open(t, c, crowd(300), web)
	query := ask(t, "all", dnsmessage.TypeA)
	short, err := c.ask("udp", query)
	if err != nil {
		t.Fatal(err)
	}
	long, err := c.ask("tcp", query)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := read(t, short), read(t, long); !a.Truncated || b.Truncated || len(b.Answers) != 300 {
		t.Errorf("by UDP cut: %v; by TCP cut: %v, %d records", a.Truncated, b.Truncated, len(b.Answers))
	}
}

// Several messages on one connection, as musl and systemd send them.
func TestStreamStaysOpen(t *testing.T) {
	ovstest.Need(t, "nft")
	c := newContainer(t)
	open(t, c, town(), web)
	conn := c.dial("tcp")
	defer conn.Close()
	for _, name := range []string{"c1", "www.example.com", "c2"} {
		if err := send(conn, ask(t, name, dnsmessage.TypeA)); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := receive(conn); err != nil {
			t.Fatal(err)
		}
	}
}

// While dockerd is away what is ours is answered, and nobody waits for the rest.
func TestDockerIsAway(t *testing.T) { eachContainer(t, dockerIsAway) }

func dockerIsAway(t *testing.T, c *container) {
	open(t, c, town(), web)
	c.end()
	for _, network := range []string{"udp", "tcp"} {
		reply, err := c.ask(network, ask(t, "c1", dnsmessage.TypeA))
		if err != nil || len(read(t, reply).Answers) != 1 {
			t.Fatalf("by %s: %x, %v", network, reply, err)
		}
		reply, err = c.ask(network, ask(t, "www.example.com", dnsmessage.TypeA))
		if err != nil || read(t, reply).RCode != dnsmessage.RCodeServerFailure {
			t.Errorf("by %s: %x, %v; want SERVFAIL", network, reply, err)
		}
	}
	c.docker()
	reply, err := c.ask("udp", ask(t, "www.example.com", dnsmessage.TypeA))
	if err != nil || read(t, reply).RCode != dnsmessage.RCodeSuccess {
		t.Errorf("after its return: %x, %v", reply, err)
	}
}

// A closed window leaves Docker's resolver as it was, and no socket or table.
func TestCloseLeavesNothing(t *testing.T) {
	ovstest.Need(t, "nft")
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	c := newContainer(t)
	defer c.end()
	before := c.tables()
	w := open(t, c, town(), web)
	stream := c.dial("tcp") // open, and silent
	defer stream.Close()
	if !strings.Contains(c.tables(), "flags owner") {
		t.Errorf("the table has no owner:\n%s", c.tables())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ovstest.Eventually(t, "the table goes", func() bool { return c.tables() == before })
	query := ask(t, "c1", dnsmessage.TypeA)
	reply, err := c.ask("udp", query)
	if err != nil {
		t.Fatal(err)
	}
	query[2] |= 0x80
	if !bytes.Equal(query, reply) {
		t.Errorf("not Docker's answer: %x", reply)
	}
}

// The redirection goes with its netlink socket, as when the process is killed:
// nothing of ours can then stand between a container and Docker's resolver. No
// other process in the namespace can change it before.
func TestTableIsOwned(t *testing.T) {
	ovstest.Need(t, "nft")
	c := newContainer(t)
	open(t, c, town(), web)
	c.inside(func() error {
		if exec.Command("nft", "delete", "table", "ip", "linkspan-names").Run() == nil {
			t.Error("another process removed the table")
		}
		return exec.Command("nft", "flush", "ruleset").Run()
	})
	reply, err := c.ask("udp", ask(t, "c1", dnsmessage.TypeA))
	if err != nil || len(read(t, reply).Answers) != 1 {
		t.Errorf("%x, %v", reply, err)
	}
}

func TestScopesChange(t *testing.T) {
	ovstest.Need(t, "nft")
	c := newContainer(t)
	w := open(t, c, town(), web)
	for want, scope := range map[string]names.Scope{"10.8.0.2": back, "10.7.0.2": web} {
		w.SetScopes([]names.Scope{scope})
		reply, err := c.ask("udp", ask(t, "c1", dnsmessage.TypeA))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{want}, told(t, reply)); diff != "" {
			t.Error(diff)
		}
	}
}

// A flood is stopped in the kernel, and only that of the container it comes from.
func TestFlood(t *testing.T) {
	ovstest.Need(t, "nft")
	flooder, other := newContainer(t), newContainer(t)
	open(t, flooder, town(), web)
	open(t, other, town(), web)
	conn := flooder.dial("udp")
	defer conn.Close()
	query := ask(t, "c1", dnsmessage.TypeA)
	dropped := func() bool {
		_, counted, _ := strings.Cut(flooder.tables(), "udp dport")
		return strings.Contains(counted, "counter packets") && !strings.Contains(counted[:strings.Index(counted, "drop")], "counter packets 0 ")
	}
	ovstest.Eventually(t, "the kernel drops", func() bool {
		for range 5000 {
			_, _ = conn.Write(query)
		}
		return dropped()
	})
	for range 20 {
		if reply, err := other.ask("udp", query); err != nil || len(read(t, reply).Answers) != 1 {
			t.Fatalf("another container is not answered: %v", err)
		}
	}
}

// slow is a source that answers when it is let.
type slow struct {
	book
	let chan struct{}
}

func (s slow) Ask(ctx context.Context, questions []names.Question) ([][]names.Bearer, error) {
	select {
	case <-s.let:
	case <-ctx.Done():
	}
	return s.book.Ask(ctx, questions)
}

// Closing does not wait for a source that hangs.
func TestCloseWhileAsked(t *testing.T) {
	ovstest.Need(t, "nft")
	c := newContainer(t)
	w := open(t, c, slow{town(), make(chan struct{})}, web)
	conn := c.dial("udp")
	defer conn.Close()
	for range 300 { // more than are answered at once
		_, _ = conn.Write(ask(t, "c1", dnsmessage.TypeA))
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestNoNamespaceYet(t *testing.T) {
	ovstest.Need(t)
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), emptyFile(t)} {
		_, err := names.Open(t.Context(), names.NewResolver(town()), path, nil)
		if linkspan.CodeOf(err) != linkspan.NotFound {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func emptyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// At fifty containers the price of standing by is four descriptors and two
// goroutines each, and none of it stays.
func TestManyWindows(t *testing.T) {
	ovstest.Need(t, "nft")
	var all []*names.Window
	for i := range 50 {
		c := newContainer(t)
		b := make(book)
		own := names.Scope{Network: linkspan.NetworkID(i + 1), Name: "n", Subnet: netip.MustParsePrefix("10.7.0.0/24")}
		bear(b, own.Network, "10.7.0.2", fmt.Sprint("c", i))
		all = append(all, open(t, c, b, own))
		reply, err := c.ask("udp", ask(t, fmt.Sprint("c", i), dnsmessage.TypeA))
		if err != nil || len(read(t, reply).Answers) != 1 {
			t.Fatalf("container %d: %v", i, err)
		}
	}
	start := time.Now()
	for _, w := range all {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("closing fifty took %v", time.Since(start))
}

// What Docker's resolver was asked from a port before does not lead the next
// question from that port to it, or to a socket that is gone.
func TestPortsAreUsedAgain(t *testing.T) { eachContainer(t, portsAreUsedAgain) }

func portsAreUsedAgain(t *testing.T, c *container) {
	query := ask(t, "c1", dnsmessage.TypeA)
	conn := c.dial("udp") // one port for all
	defer conn.Close()
	heard := func() int {
		t.Helper()
		if _, err := conn.Write(query); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 512)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return len(read(t, b[:n]).Answers)
	}
	for range 3 {
		if heard() != 0 {
			t.Error("not Docker's resolver answers before")
		}
		w := open(t, c, town(), web)
		if heard() != 1 {
			t.Error("Docker's resolver answers while the window is open")
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
