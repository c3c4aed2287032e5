// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
)

// fabric is one CA, its clock, and the controller that serves.
type fabric struct {
	clock       *clock
	ca          *CA
	revocations *Revocations
	server      TLS
}

func newFabric(t *testing.T) *fabric {
	t.Helper()
	f := &fabric{clock: newClock(), revocations: new(Revocations)}
	f.ca = newTestCA(t, f.clock.Now)
	f.server = TLS{Keeper: keeperFor(t, f.ca, aController), Revocations: f.revocations, Now: f.clock.Now}
	return f
}

func (f *fabric) api(t *testing.T) *tls.Config { return must(t, f.server.ServerConfig) }

func (f *fabric) openflow(t *testing.T) *tls.Config { return must(t, f.server.OpenFlowConfig) }

func must(t *testing.T, build func() (*tls.Config, error)) *tls.Config {
	t.Helper()
	config, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// client shows the certificate that the keeper holds and trusts its CA.
func (f *fabric) client(keeper *Keeper) TLS { return TLS{Keeper: keeper, Now: f.clock.Now} }

func TestHandshake(t *testing.T) {
	f := newFabric(t)
	for _, id := range []Identity{aChassis, aDatapath, aUser, {Kind: KindController, Name: "c2"}} {
		t.Run(id.Label(), func(t *testing.T) {
			out := shake(t, f.client(keeperFor(t, f.ca, id)).ClientConfig(KindController, "c1"), f.api(t))
			if err := errors.Join(out.client, out.server); err != nil {
				t.Fatal(err)
			}
			got, err := PeerIdentity(out.peer)
			if err != nil || got != id {
				t.Errorf("the server sees %v, %v; want %v", got, err, id)
			}
			if out.peer.Version != tls.VersionTLS13 || out.peer.NegotiatedProtocol != "h2" {
				t.Errorf("version %x, protocol %q", out.peer.Version, out.peer.NegotiatedProtocol)
			}
		})
	}
}

// TestHandshakeWithoutCertificate is a host before it joins, which trusts the
// fabric by the fingerprint alone.
func TestHandshakeWithoutCertificate(t *testing.T) {
	f := newFabric(t)
	out := shake(t, JoinConfig(f.ca.Fingerprint(), f.clock.Now), f.api(t))
	if err := errors.Join(out.client, out.server); err != nil {
		t.Fatal(err)
	}
	_, err := PeerIdentity(out.peer)
	wantCode(t, err, linkspan.Unauthenticated)

	out = shake(t, JoinConfig(f.ca.Fingerprint(), f.clock.Now), f.openflow(t))
	if out.server == nil || len(out.received) != 0 {
		t.Errorf("OpenFlow without a certificate: %v, %q", out.server, out.received)
	}
}

// TestHandshakeClientRefused has clients whose certificates are no good.
func TestHandshakeClientRefused(t *testing.T) {
	f := newFabric(t)
	stranger := newTestCA(t, f.clock.Now)
	late, brief := *f.ca, *f.ca
	late.config.Now = func() time.Time { return f.clock.Now().Add(24 * time.Hour) }
	brief.config.Lifetime = time.Hour

	revoked := pairFor(t, f.ca, Identity{Kind: KindUser, Name: "bob", Role: RoleViewer})
	f.revocations.Replace([]Revocation{
		RevokeName(aChassis, aUser, "removed", f.clock.Now(), DefaultLifetime),
		RevokeCertificate(revoked.leaf, aUser, "key lost", f.clock.Now()),
	})
	other := aChassis
	other.Name = "h2"
	pairs := map[string]*KeyPair{
		"another CA":            pairFor(t, stranger, other),
		"not yet valid":         pairFor(t, &late, other),
		"expired":               pairFor(t, &brief, other),
		"name revoked":          pairFor(t, f.ca, aChassis),
		"serial number revoked": revoked,
	}
	f.clock.advance(2 * time.Hour)
	for name, pair := range pairs {
		t.Run(name, func(t *testing.T) {
			for _, server := range []*tls.Config{f.api(t), f.openflow(t)} {
				client := f.client(keeperFor(t, f.ca, other)).ClientConfig(KindController, "")
				client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair.tls(), nil }
				out := shake(t, client, server)
				if out.server == nil || len(out.received) != 0 {
					t.Errorf("the server took it: %v, %q", out.server, out.received)
				}
			}
		})
	}
}

// TestHandshakeServerRefused has servers that are not who the client dialed. It
// never says a word to them.
func TestHandshakeServerRefused(t *testing.T) {
	f := newFabric(t)
	stranger := newTestCA(t, f.clock.Now)
	own := keeperFor(t, f.ca, aChassis)
	revocations := new(Revocations)
	gone := Identity{Kind: KindController, Name: "gone"}
	revocations.Replace([]Revocation{RevokeName(gone, aUser, "", f.clock.Now(), DefaultLifetime)})
	client := TLS{Keeper: own, Revocations: revocations, Now: f.clock.Now}
	for name, c := range map[string]struct {
		keeper *Keeper
		after  time.Duration
		name   string
	}{
		"another CA":    {keeperFor(t, stranger, aController), 0, ""},
		"a chassis":     {keeperFor(t, f.ca, aChassis), 0, ""},
		"a user":        {keeperFor(t, f.ca, aUser), 0, ""},
		"another name":  {keeperFor(t, f.ca, aController), 0, "c2"},
		"revoked":       {keeperFor(t, f.ca, gone), 0, ""},
		"expired":       {keeperFor(t, f.ca, aController), 91 * 24 * time.Hour, ""},
		"not yet valid": {keeperFor(t, f.ca, aController), -time.Hour, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := must(t, TLS{Keeper: c.keeper, Now: f.clock.Now}.ServerConfig)
			config := client.ClientConfig(KindController, c.name)
			config.Time = func() time.Time { return f.clock.Now().Add(c.after) }
			if c.after != 0 {
				later := client
				later.Now = config.Time
				config = later.ClientConfig(KindController, c.name)
			}
			out := shake(t, config, server)
			wantCode(t, out.client, linkspan.Unauthenticated)
			if len(out.received) != 0 {
				t.Errorf("the client said %q", out.received)
			}
		})
	}
}

func TestOpenFlowConfig(t *testing.T) {
	f := newFabric(t)
	for _, id := range []Identity{aChassis, aDatapath, aUser, aController} {
		config := f.client(keeperFor(t, f.ca, id)).ClientConfig(KindController, "")
		config.MinVersion, config.MaxVersion, config.NextProtos = tls.VersionTLS12, tls.VersionTLS12, nil
		out := shake(t, config, f.openflow(t))
		if want := id.Kind == KindChassis || id.Kind == KindDatapath; want != (out.server == nil) {
			t.Errorf("%s: %v", id.Label(), out.server)
		}
		if out = shake(t, config, f.api(t)); out.server == nil {
			t.Errorf("%s: the API took TLS 1.2", id.Label())
		}
	}
}

func TestNotJoined(t *testing.T) {
	side := TLS{Keeper: emptyKeeper(t)}
	_, err := side.ServerConfig()
	wantCode(t, err, linkspan.Unavailable)
	_, err = side.OpenFlowConfig()
	wantCode(t, err, linkspan.Unavailable)
	out := shake(t, side.ClientConfig(KindController, ""), newFabric(t).api(t))
	wantCode(t, out.client, linkspan.Unavailable)
}

// TestCheck looks at a connection that stands.
func TestCheck(t *testing.T) {
	f := newFabric(t)
	cert := pairFor(t, f.ca, aChassis).leaf
	if err := f.server.Check(cert); err != nil {
		t.Fatal(err)
	}
	f.revocations.Replace([]Revocation{RevokeName(aChassis, aUser, "removed", f.clock.Now(), DefaultLifetime)})
	wantCode(t, f.server.Check(cert), linkspan.Unauthenticated)
	f.revocations.Replace(nil)
	f.clock.advance(91 * 24 * time.Hour)
	wantCode(t, f.server.Check(cert), linkspan.Unauthenticated)
}

// TestOpenSSLConnects has the library of Open vSwitch connect to the OpenFlow
// listener, with the highest version of TLS that each allows.
func TestOpenSSLConnects(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is missing")
	}
	ca := newTestCA(t, nil)
	config := must(t, TLS{Keeper: keeperFor(t, ca, aController, "127.0.0.1", "c1.example")}.OpenFlowConfig)
	pair := pairFor(t, ca, aDatapath)
	text, err := pair.encode()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	own, root := filepath.Join(dir, "own.pem"), filepath.Join(dir, "ca.crt")
	if err := errors.Join(os.WriteFile(own, text, 0o600), os.WriteFile(root, EncodeCertificates(ca.cert), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		t.Run(version, func(t *testing.T) {
			listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			seen := make(chan string, 1)
			go func() { seen <- acceptIdentity(listener) }()
			command := exec.Command(openssl, "s_client", version, "-connect", listener.Addr().String(), "-cert", own, "-key", own,
				"-CAfile", root, "-verify_return_error", "-verify_ip", "127.0.0.1", "-quiet", "-no_ign_eof")
			command.Stdin = strings.NewReader("hello")
			out, err := command.CombinedOutput()
			if err != nil {
				t.Errorf("openssl: %v\n%s", err, out)
			}
			if got := <-seen; got != aDatapath.String() {
				t.Errorf("the server sees %s", got)
			}
		})
	}
}

func acceptIdentity(listener net.Listener) string {
	conn, err := listener.Accept()
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.ReadFull(conn, make([]byte, len("hello"))); err != nil {
		return err.Error()
	}
	id, err := PeerIdentity(conn.(*tls.Conn).ConnectionState())
	if err != nil {
		return err.Error()
	}
	return id.String()
}
