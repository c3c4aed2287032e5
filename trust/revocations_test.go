// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

func TestRevocations(t *testing.T) {
	clock := newClock()
	ca := newTestCA(t, clock.Now)
	issue := func(change func(*Identity)) *x509.Certificate {
		id := aChassis
		change(&id)
		return pairFor(t, ca, id).leaf
	}
	first := issue(func(*Identity) {})
	again := issue(func(*Identity) {})
	older := issue(func(id *Identity) { id.Generation = 2 })
	newer := issue(func(id *Identity) { id.Generation = 8 })
	other := issue(func(id *Identity) { id.Name = "h2" })
	datapath := pairFor(t, ca, Identity{Kind: KindDatapath, Name: "h1", DPID: 5}).leaf

	byName := RevokeName(aChassis, aUser, "removed", clock.Now(), DefaultLifetime)
	bySerial := RevokeCertificate(first, aUser, "key lost", clock.Now())
	weaker := byName
	weaker.Generation = 2
	for name, c := range map[string]struct {
		records []Revocation
		revoked []*x509.Certificate
		good    []*x509.Certificate
	}{
		"nothing":                  {nil, nil, []*x509.Certificate{first, again, older, newer, other, datapath}},
		"a serial number":          {[]Revocation{bySerial}, []*x509.Certificate{first}, []*x509.Certificate{again, older, newer, other, datapath}},
		"a name":                   {[]Revocation{byName}, []*x509.Certificate{first, again, older}, []*x509.Certificate{newer, other, datapath}},
		"a name twice, either way": {[]Revocation{weaker, byName, weaker}, []*x509.Certificate{first, older}, []*x509.Certificate{newer}},
	} {
		t.Run(name, func(t *testing.T) {
			var r Revocations
			r.Replace(c.records)
			for _, cert := range c.revoked {
				if !r.IsRevoked(cert) {
					t.Errorf("%s is good", cert.URIs[0])
				}
			}
			for _, cert := range c.good {
				if err := r.Check(cert); err != nil {
					t.Errorf("%s: %v", cert.URIs[0], err)
				}
			}
		})
	}
	var r Revocations
	r.Replace([]Revocation{byName})
	err := r.Check(first)
	wantCode(t, err, linkspan.Unauthenticated)
	if !strings.Contains(err.Error(), "chassis h1") || !strings.Contains(err.Error(), "removed") {
		t.Errorf("the error does not say who and why: %v", err)
	}
	r.Replace(nil)
	if r.IsRevoked(first) || (*Revocations)(nil).IsRevoked(first) || new(Revocations).IsRevoked(first) {
		t.Error("nothing is revoked, and yet it is")
	}
	if !r.IsRevoked(ca.cert) {
		t.Error("a certificate without an identity is good")
	}
}

func TestRevocationRecord(t *testing.T) {
	now := newClock().Now()
	want := RevokeName(aChassis, aUser, "removed", now, DefaultLifetime)
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Revocation
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s came back changed:\n%s", text, diff)
	}
	if want.Obsolete(now.Add(DefaultLifetime)) || !want.Obsolete(now.Add(DefaultLifetime+time.Hour)) {
		t.Errorf("it ends at %v", want.Expires)
	}
	if (Revocation{}).Obsolete(now) {
		t.Error("one without an end ended")
	}
}

// TestRevocationsSwap replaces the set under the feet of those who ask.
func TestRevocationsSwap(t *testing.T) {
	cert := pairFor(t, newTestCA(t, nil), aChassis).leaf
	var r Revocations
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				r.IsRevoked(cert)
			}
		})
	}
	for range 200 {
		r.Replace([]Revocation{RevokeName(aChassis, aUser, "", time.Now(), time.Hour)})
		r.Replace(nil)
	}
	group.Wait()
}
