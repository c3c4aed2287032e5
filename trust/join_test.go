// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
)

// TestJoin walks the whole way of a host: token, pinned handshake, redemption,
// certificate, and then a connection that knows who it is.
func TestJoin(t *testing.T) {
	f := newFabric(t)
	token, record, err := NewToken(TokenRequest{CA: f.ca.Fingerprint(), Now: f.clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	token, err = ParseToken(token.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if out := shake(t, JoinConfig(token.CA, f.clock.Now), f.api(t)); out.client != nil || out.server != nil {
		t.Fatal(out.client, out.server)
	}
	request, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	chain := enrol(t, f, record, token, request.CSR())
	pair, err := request.Complete(chain, token.CA, f.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	keeper := emptyKeeper(t)
	if err := keeper.Replace(pair); err != nil {
		t.Fatal(err)
	}
	out := shake(t, f.client(keeper).ClientConfig(KindController, ""), f.api(t))
	if err := errors.Join(out.client, out.server); err != nil {
		t.Fatal(err)
	}
	if id, err := PeerIdentity(out.peer); err != nil || id != aChassis {
		t.Errorf("the server sees %v, %v", id, err)
	}
}

// enrol is what a controller does with the host's request.
func enrol(t *testing.T, f *fabric, record TokenRecord, token Token, csr []byte) []byte {
	t.Helper()
	key, err := RequestKey(csr)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := SecretFrom(token.Secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	used, err := record.Redeem(token.ID, secret, aChassis, key, f.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	who := used.UsedBy
	chain, err := f.ca.IssueChassis(csr, who.Name, who.Number, who.DPID, who.Generation)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

// TestJoinImpostor dials servers that are not a controller of the token's
// fabric. None of them gets to read a byte, so the secret stays at home.
func TestJoinImpostor(t *testing.T) {
	f := newFabric(t)
	stranger := newTestCA(t, f.clock.Now)
	honest := keeperFor(t, f.ca, aController).KeyPair().tls()
	own := keeperFor(t, stranger, aController).KeyPair().tls()
	show := func(key *tls.Certificate, chain ...[]byte) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{{Certificate: chain, PrivateKey: key.PrivateKey}}, Time: f.clock.Now}
	}
	chassis := keeperFor(t, f.ca, aChassis).KeyPair().tls()
	for name, c := range map[string]struct {
		server *tls.Config
		after  time.Duration
	}{
		"another fabric":                     {show(own, own.Certificate...), 0},
		"another fabric, our CA beside it":   {show(own, own.Certificate[0], honest.Certificate[1]), 0},
		"another fabric, both CAs beside it": {show(own, own.Certificate[0], own.Certificate[1], honest.Certificate[1]), 0},
		"no CA shown":                        {show(honest, honest.Certificate[0]), 0},
		"a chassis of our fabric":            {show(chassis, chassis.Certificate...), 0},
		"an expired controller":              {show(honest, honest.Certificate...), 91 * 24 * time.Hour},
		"a controller from the future":       {show(honest, honest.Certificate...), -time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			now := func() time.Time { return f.clock.Now().Add(c.after) }
			out := shake(t, JoinConfig(f.ca.Fingerprint(), now), c.server)
			wantCode(t, out.client, linkspan.Unauthenticated)
			if out.server == nil || len(out.received) != 0 {
				t.Errorf("the impostor read %q, %v", out.received, out.server)
			}
		})
	}
	// An impostor that shows our certificates but has not the key.
	stolen := show(own, honest.Certificate...)
	if out := shake(t, JoinConfig(f.ca.Fingerprint(), f.clock.Now), stolen); out.client == nil || len(out.received) != 0 {
		t.Errorf("certificates without their key: %v, %q", out.client, out.received)
	}
}
