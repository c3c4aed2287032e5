// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

// renewWith has the CA renew the certificate that the keeper shows.
func renewWith(ca *CA, keeper *Keeper) Exchange {
	return func(_ context.Context, csr []byte) ([]byte, error) {
		return ca.Renew(csr, keeper.KeyPair().Certificate())
	}
}

func TestNeedsRenewal(t *testing.T) {
	clock := newClock()
	cert := pairFor(t, newTestCA(t, clock.Now), aChassis).leaf
	for days, want := range map[int]bool{0: false, 59: false, 61: true, 89: true, 100: true} {
		if got := NeedsRenewal(cert, clock.Now().AddDate(0, 0, days)); got != want {
			t.Errorf("after %d days: %v", days, got)
		}
	}
}

func TestRenew(t *testing.T) {
	clock := newClock()
	ca := newTestCA(t, clock.Now)
	keeper := keeperFor(t, ca, aController, "c1.example", "10.0.0.1")
	before := keeper.KeyPair()
	clock.advance(61 * 24 * time.Hour)
	if err := keeper.Renew(t.Context(), renewWith(ca, keeper), clock.Now()); err != nil {
		t.Fatal(err)
	}
	after := keeper.KeyPair()
	if after.Identity() != aController || after.leaf.Subject.String() != before.leaf.Subject.String() {
		t.Errorf("the identity changed: %v", after)
	}
	if diff := cmp.Diff(before.leaf.DNSNames, after.leaf.DNSNames); diff != "" || len(after.leaf.IPAddresses) != 1 {
		t.Errorf("the host names changed: %v %v", after.leaf.DNSNames, after.leaf.IPAddresses)
	}
	if sameKey(before.leaf, after.key()) || SerialOf(before.leaf) == SerialOf(after.leaf) {
		t.Error("the key or the serial number was used again")
	}
	if want := clock.Now().Add(DefaultLifetime); !after.leaf.NotAfter.Equal(want) {
		t.Errorf("ends at %v; want %v", after.leaf.NotAfter, want)
	}
}

func TestRenewRefused(t *testing.T) {
	clock := newClock()
	ca, stranger := newTestCA(t, clock.Now), newTestCA(t, clock.Now)
	keeper := keeperFor(t, ca, aChassis)
	promoted := func(_ context.Context, csr []byte) ([]byte, error) { return ca.Issue(csr, aUser) }
	foreign := func(_ context.Context, csr []byte) ([]byte, error) { return stranger.Issue(csr, aChassis) }
	away := func(context.Context, []byte) ([]byte, error) { return nil, io.ErrUnexpectedEOF }
	before := keeper.KeyPair()
	for name, exchange := range map[string]Exchange{"another identity": promoted, "another CA": foreign, "no answer": away} {
		if err := keeper.Renew(t.Context(), exchange, clock.Now()); err == nil || keeper.KeyPair() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantCode(t, emptyKeeper(t).Renew(t.Context(), away, clock.Now()), linkspan.Unavailable)

	request, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ca.Renew(request.CSR(), pairFor(t, stranger, aChassis).leaf)
	wantCode(t, err, linkspan.Unauthenticated)
	clock.advance(91 * 24 * time.Hour)
	_, err = ca.Renew(request.CSR(), before.leaf)
	wantCode(t, err, linkspan.Unauthenticated)
}

// TestRenewWithoutRestart keeps one listener and one connection open while both
// sides renew, until long after their first certificates have expired.
func TestRenewWithoutRestart(t *testing.T) {
	f := newFabric(t)
	keeper := keeperFor(t, f.ca, aChassis)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", f.api(t))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		echoAll(listener)
	}()
	defer func() {
		listener.Close()
		<-served
	}()
	client := f.client(keeper).ClientConfig(KindController, "")
	standing := dialEcho(t, listener.Addr(), client)
	defer standing.Close()
	var serials []string
	for range 4 {
		conn := dialEcho(t, listener.Addr(), client)
		serials = append(serials, SerialOf(conn.ConnectionState().PeerCertificates[0]))
		conn.Close()
		f.clock.advance(61 * 24 * time.Hour)
		for _, k := range []*Keeper{keeper, f.server.Keeper} {
			if err := k.Renew(t.Context(), renewWith(f.ca, k), f.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, serial := range serials[1:] {
		if serial == serials[i] {
			t.Error("the listener still shows the old certificate")
		}
	}
	echo(t, standing)
}

func dialEcho(t *testing.T, address net.Addr, config *tls.Config) *tls.Conn {
	t.Helper()
	conn, err := tls.Dial("tcp", address.String(), config)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	echo(t, conn)
	return conn
}

func echo(t *testing.T, conn net.Conn) {
	t.Helper()
	answer := make([]byte, 4)
	_, err := conn.Write([]byte("ping"))
	if _, readErr := io.ReadFull(conn, answer); errors.Join(err, readErr) != nil || string(answer) != "ping" {
		t.Fatal(errors.Join(err, readErr), string(answer))
	}
}

// echoAll returns when the listener and every connection are closed.
func echoAll(listener net.Listener) {
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(conn, conn)
		conn.Close()
	}()
	echoAll(listener)
	<-done
}

// TestRun lives through a year in which the controller is away for a while.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := newTestCA(t, nil)
		keeper := keeperFor(t, ca, aChassis)
		var log bytes.Buffer
		var renewals atomic.Int32
		back := time.Now().Add(70 * 24 * time.Hour)
		exchange := func(ctx context.Context, csr []byte) ([]byte, error) {
			if time.Now().Before(back) {
				return nil, errors.New("controller away")
			}
			renewals.Add(1)
			return renewWith(ca, keeper)(ctx, csr)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			keeper.Run(ctx, exchange, slog.New(slog.NewTextHandler(&log, nil)))
		}()
		for range 365 {
			time.Sleep(24 * time.Hour)
			if now := time.Now(); now.After(keeper.KeyPair().leaf.NotAfter) {
				t.Fatalf("the certificate expired at %v", keeper.KeyPair().leaf.NotAfter)
			}
		}
		cancel()
		<-done
		if n := renewals.Load(); n != 5 {
			t.Errorf("%d renewals in a year", n)
		}
		if !strings.Contains(log.String(), "controller away") || !strings.Contains(log.String(), "certificate renewed") {
			t.Errorf("the log says:\n%s", log.String())
		}
	})
}
