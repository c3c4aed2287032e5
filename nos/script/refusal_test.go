// SPDX-License-Identifier: Apache-2.0

package script_test

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/script"
	"github.com/linkspan/linkspan/trust/audit"
	"github.com/linkspan/linkspan/trust/sign"
)

// changed is version 2 after version 1, with a change, and signed.
func changed(t *testing.T, change func(*linkspan.Statement)) script.Delivery {
	t.Helper()
	s := numbered(2, digestOf(t, 1))
	change(s)
	text, _ := sealed(t, s, key(t, 1))
	return script.Delivery{Envelope: text, Way: "stream"}
}

// raw is version 2 as JSON, with one part replaced, signed by the right key: whoever signs may be
// wrong, too.
func raw(t *testing.T, old, new string) script.Delivery {
	t.Helper()
	text, _ := sealed(t, numbered(2, digestOf(t, 1)), key(t, 1))
	_, payload, _, err := sign.Peek(text)
	if err != nil || !bytes.Contains(payload, []byte(old)) {
		t.Fatalf("%v, or there is no %s in %s", err, old, payload)
	}
	text, err = sign.Seal(linkspan.StatementType, bytes.Replace(payload, []byte(old), []byte(new), 1), key(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	return script.Delivery{Envelope: text, Way: "stick"}
}

// TestRefused has all that a switch refuses, each with its reason, a record in the audit log, and
// a receipt; and the switch stays what it is.
func TestRefused(t *testing.T) {
	good := changed(t, func(*linkspan.Statement) {})
	unsigned := good
	unsigned.Envelope = good.Envelope[:bytes.Index(good.Envelope, []byte(`"signatures"`))]
	unsigned.Envelope = append(bytes.Clone(unsigned.Envelope), []byte(`"signatures": []}`)...)
	other := good
	other.Envelope, _ = sealed(t, numbered(2, digestOf(t, 1)), key(t, 5))
	tampered := good
	_, payload, _, _ := sign.Peek(good.Envelope)
	tampered.Envelope = bytes.Replace(good.Envelope, []byte(base64.StdEncoding.EncodeToString(payload)),
		[]byte(base64.StdEncoding.EncodeToString(bytes.Replace(payload, []byte("base/dns"), []byte("base/dmz"), 2))), 1)
	receipt := good
	receipt.Envelope, _ = sign.SealReceipt(linkspan.Receipt{Type: linkspan.ReceiptType}, key(t, 1))
	outside, site := good, good
	outside.From, site.From, site.Encrypted = netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("203.0.113.9"), true
	v1, _ := sealed(t, numbered(1, ""), key(t, 1))
	badRoot := good
	badRoot.Roots = [][]byte{rootOf(t, 2, key(t, 5))}

	for name, c := range map[string]struct {
		delivery script.Delivery
		want     script.Reason
		says     string
	}{
		"unsigned":                   {unsigned, script.Unsigned, "it is not signed"},
		"signed by another key":      {other, script.OtherKeys, "not signed by enough of the keys"},
		"tampered":                   {tampered, script.Tampered, "it was changed after it was signed"},
		"tampered image":             {raw(t, `"base/dns:2":"sha256:b`, `"base/dns:2":"sha256:zz`), script.Form, "has no digest"},
		"another type":               {receipt, script.OtherType, "of another type"},
		"for another switch":         {changed(t, func(s *linkspan.Statement) { s.Targets = []string{"sw2"} }), script.OtherSwitch, "it is not for sw1"},
		"of another fleet":           {changed(t, func(s *linkspan.Statement) { s.Fleet = "f2" }), script.OtherFleet, "of fleet f2"},
		"replayed":                   {script.Delivery{Envelope: v1, Way: "stick"}, "", ""}, // what it is already: nothing happens
		"older serial":               {changed(t, func(s *linkspan.Statement) { s.Epoch, s.Serial, s.Previous = 1, 1, "" }), script.Fork, "another script of epoch 1, serial 1"},
		"another after another one":  {changed(t, func(s *linkspan.Statement) { s.Previous = digestOf(t, 3) }), script.Fork, "does not follow"},
		"expired":                    {changed(t, func(s *linkspan.Statement) { s.Expires, s.Issued = noon, noon.Add(-time.Hour) }), script.Expired, "it expired 2026-11-22T12:00:00Z"},
		"issued in the future":       {changed(t, func(s *linkspan.Statement) { s.Issued, s.Expires = noon.Add(48*time.Hour), noon.Add(72*time.Hour) }), script.Early, "it is issued"},
		"privileged":                 {raw(t, `"image":`, `"privileged":true,"image":`), script.Form, "privileged"},
		"host network":               {raw(t, `"image":`, `"network_mode":"host","image":`), script.Form, "network_mode"},
		"host processes":             {raw(t, `"image":`, `"pid":"host","image":`), script.Form, "pid"},
		"unknown field":              {raw(t, `"composites":`, `"x":1,"composites":`), script.Form, `unknown field "x"`},
		"field twice":                {raw(t, `"serial":2`, `"serial":2,"serial":3`), script.Form, "there twice"},
		"volume of the host":         {raw(t, `"name":"state"`, `"name":"/etc"`), script.Form, "volume name"},
		"volume at a kept path":      {raw(t, `"path":"/state"`, `"path":"/proc"`), script.Form, "nothing can be at"},
		"image without a digest":     {raw(t, `"base/dns:2":"`, `"base/dns:3":"`), script.Form, "has no digest"},
		"capability outside of list": {changed(t, func(s *linkspan.Statement) { s.Script.Composites[0].Services[0].Capabilities = []string{"SYS_MODULE"} }), script.NotAdmitted, "capability SYS_MODULE is not admitted"},
		"volume outside of list":     {changed(t, func(s *linkspan.Statement) { s.Script.Composites[0].Services[0].Volumes[0].Name = "secrets" }), script.NotAdmitted, "volume edge/secrets is not admitted"},
		"users":                      {changed(t, func(s *linkspan.Statement) { s.Script.Configure = []string{"set system users eve role admin"} }), script.NotAdmitted, "may not set system"},
		"outside of the subnets":     {outside, script.Elsewhere, "203.0.113.9 is in none of the management subnets"},
		"through a site":             {site, "", ""},
		"outside of its window":      {changed(t, func(s *linkspan.Statement) { s.Script.Window = &linkspan.Window{From: "01:00", To: "02:00"} }), script.Closed, "its window opens 2026-11-23T01:00:00Z"},
		"root by another key":        {badRoot, script.OtherKeys, "not signed by enough"},
		"nothing":                    {script.Delivery{Way: "stick"}, script.Form, "not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, installed(t), func() {}, func(o *script.Options) {
				a := linkspan.DefaultAdmission()
				a.Volumes = []string{"edge/state"}
				o.Admission, o.Management = &a, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
			})
			text, err := s.Deliver(t.Context(), c.delivery)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if script.ReasonOf(err) != c.want || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want %s: %s", err, c.want, c.says)
			}
			if r := outcome(t, text); r.Outcome != linkspan.OutcomeRefused || !strings.Contains(r.Reason, c.says) {
				t.Errorf("receipt: %+v", r)
			}
			if err := s.is(t, 1); err != nil {
				t.Error(err)
			}
			records, err := audit.List(s.log.Dir(), audit.Filter{Kinds: []audit.Kind{audit.Denied}})
			if err != nil || len(records) != 1 || !strings.Contains(records[0].Error, string(c.want)) {
				t.Errorf("audit: %+v, %v", records, err)
			}
			if _, err := s.Deliver(t.Context(), good); err != nil { // and the right one is not kept out by it
				t.Error(err)
			}
		})
	}
}

// TestOlder has scripts that were right once.
func TestOlder(t *testing.T) {
	s := open(t, installed(t), func() {})
	v1, _ := sealed(t, numbered(1, ""), key(t, 1))
	v2, _ := sealed(t, numbered(2, digestOf(t, 1)), key(t, 1))
	if _, err := s.Deliver(t.Context(), script.Delivery{Envelope: v2, Way: "stream"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Deliver(t.Context(), script.Delivery{Envelope: v1, Way: "stream"}); script.ReasonOf(err) != script.Older {
		t.Errorf("replayed: %v", err)
	}
	s.clock.now = s.clock.now.Add(1000 * time.Hour)
	if text, err := s.Deliver(t.Context(), script.Delivery{Envelope: v2, Way: "stream"}); err != nil || outcome(t, text).Outcome != linkspan.OutcomeCommitted {
		t.Errorf("what it is already: %v", err)
	}
	s.clock.now = noon
	epoch := numbered(1, "")
	epoch.Epoch = 2
	text, _ := sealed(t, epoch, key(t, 1))
	if _, err := s.Deliver(t.Context(), script.Delivery{Envelope: text, Way: "stream"}); err != nil {
		t.Errorf("a new epoch: %v", err)
	}
	v9, _ := sealed(t, numbered(9, ""), key(t, 1))
	if _, err := s.Deliver(t.Context(), script.Delivery{Envelope: v9, Way: "stream"}); script.ReasonOf(err) != script.Older {
		t.Errorf("an epoch before: %v", err)
	}
}

// TestClock has switches whose clock is not set: it never counts as earlier than what was seen.
func TestClock(t *testing.T) {
	dir := installed(t)
	s := open(t, dir, func() {})
	s.clock.now = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	expired := changed(t, func(st *linkspan.Statement) { st.Issued, st.Expires = noon.Add(-2*time.Hour), noon.Add(-time.Hour) })
	if _, err := s.Deliver(t.Context(), expired); script.ReasonOf(err) != script.Expired {
		t.Errorf("the clock was believed: %v", err)
	}
	later := changed(t, func(st *linkspan.Statement) {
		st.Issued, st.Expires = noon.Add(1000*time.Hour), noon.Add(1001*time.Hour)
	})
	if _, err := s.Deliver(t.Context(), later); err != nil {
		t.Errorf("the clock was believed: %v", err)
	}
}

// TestRotation has a switch go on to other keys with the script that comes with them.
func TestRotation(t *testing.T) {
	dir := installed(t)
	s := open(t, dir, func() {})
	v2, _ := sealed(t, numbered(2, digestOf(t, 1)), key(t, 2))
	two, three := rootOf(t, 2, key(t, 2), key(t, 1)), rootOf(t, 3, key(t, 3), key(t, 2))
	if _, err := s.Deliver(t.Context(), script.Delivery{Envelope: v2, Way: "stream"}); script.ReasonOf(err) != script.OtherKeys {
		t.Errorf("before: %v", err)
	}
	if _, err := s.Deliver(t.Context(), script.Delivery{Envelope: v2, Roots: [][]byte{rootOf(t, 1, key(t, 1)), two}, Way: "stick"}); err != nil {
		t.Fatal(err)
	}
	if err := s.log.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, func() {}, func(o *script.Options) { o.First = nil })
	if r := again.verifier.Root(); r == nil || r.Version != 2 {
		t.Fatalf("%+v", r)
	}
	v3, _ := sealed(t, numbered(3, digestOf(t, 2)), key(t, 1))
	if _, err := again.Deliver(t.Context(), script.Delivery{Envelope: v3, Way: "stream"}); script.ReasonOf(err) != script.OtherKeys {
		t.Errorf("the key before: %v", err)
	}
	v3, _ = sealed(t, numbered(3, digestOf(t, 2)), key(t, 3))
	if _, err := again.Deliver(t.Context(), script.Delivery{Envelope: v3, Roots: [][]byte{three}, Way: "stream"}); err != nil {
		t.Error(err)
	}
}

func TestNotEnrolled(t *testing.T) {
	s := open(t, t.TempDir(), func() {}, func(o *script.Options) { o.First = nil })
	if _, err := s.Deliver(t.Context(), changed(t, func(*linkspan.Statement) {})); script.ReasonOf(err) != script.OtherKeys {
		t.Error(err)
	}
}
