// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/tls"
	"errors"
	"flag"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

var (
	aController = Identity{Kind: KindController, Name: "c1"}
	aChassis    = Identity{Kind: KindChassis, Name: "h1", Number: 3, DPID: linkspan.ChassisID(3).DPID(), Generation: 7}
	aDatapath   = Identity{Kind: KindDatapath, Name: "tor1", DPID: 1}
	aUser       = Identity{Kind: KindUser, Name: "ada", Role: RoleAdmin}
)

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m)
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newTestCA(t *testing.T, now func() time.Time) *CA {
	t.Helper()
	ca, err := CreateCA(CAConfig{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// keeperFor returns a keeper that holds a fresh certificate for the identity.
func keeperFor(t *testing.T, ca *CA, id Identity, hosts ...string) *Keeper {
	t.Helper()
	keeper, err := OpenKeeper(filepath.Join(t.TempDir(), "own.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := keeper.Replace(pairFor(t, ca, id, hosts...)); err != nil {
		t.Fatal(err)
	}
	return keeper
}

func pairFor(t *testing.T, ca *CA, id Identity, hosts ...string) *KeyPair {
	t.Helper()
	request, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := ca.Issue(request.CSR(), id, hosts...)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := request.Complete(chain, ca.Fingerprint(), ca.config.Now())
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func emptyKeeper(t *testing.T) *Keeper {
	t.Helper()
	keeper, err := OpenKeeper(filepath.Join(t.TempDir(), "own.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return keeper
}

// outcome is what each side saw of one connection.
type outcome struct {
	client, server error
	peer           tls.ConnectionState // as the server saw the client
	received       []byte              // what the client said and the server could read
}

// shake connects the two over loopback. The client says "hello" as soon as it
// is content with the server, and the server answers "welcome".
func shake(t *testing.T, client, server *tls.Config) outcome {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var out outcome
	done := make(chan struct{})
	go func() {
		defer close(done)
		out.server = out.serve(listener, server)
	}()
	out.client = greet(listener.Addr().String(), client)
	<-done
	return out
}

func (o *outcome) serve(listener net.Listener, config *tls.Config) error {
	raw, err := listener.Accept()
	if err != nil {
		return err
	}
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(30 * time.Second))
	conn := tls.Server(raw, config)
	if err := conn.Handshake(); err != nil {
		return err
	}
	o.peer = conn.ConnectionState()
	hello := make([]byte, len("hello"))
	n, err := io.ReadFull(conn, hello)
	o.received = hello[:n]
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte("welcome"))
	return errors.Join(err, conn.Close())
}

func greet(address string, config *tls.Config) error {
	raw, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(30 * time.Second))
	conn := tls.Client(raw, config)
	if err := conn.Handshake(); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("hello")); err != nil {
		return err
	}
	_, err = io.ReadFull(conn, make([]byte, len("welcome")))
	return err
}

func wantCode(t *testing.T, err error, code linkspan.Code) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want code %v", code)
	}
	if got := linkspan.CodeOf(err); got != code {
		t.Fatalf("code %v; want %v: %v", got, code, err)
	}
}
