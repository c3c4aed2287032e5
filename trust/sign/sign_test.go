// SPDX-License-Identifier: Apache-2.0

package sign_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/sign"
)

// Run with -update to rewrite the files below testdata; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

// key returns a key that is the same each time.
func key(t testing.TB, seed byte) *sign.Key {
	t.Helper()
	der := append([]byte{0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20}, bytes.Repeat([]byte{seed}, 32)...)
	k, err := sign.ParseKey([]byte("-----BEGIN PRIVATE KEY-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END PRIVATE KEY-----\n"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func role(threshold int, keys ...*sign.Key) sign.Role {
	r := sign.Role{Threshold: threshold}
	for _, k := range keys {
		r.Keys = append(r.Keys, k.Public())
	}
	return r
}

var issued = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func root(version uint64, roots, scripts sign.Role) *sign.Root {
	return &sign.Root{Type: sign.RootType, Fleet: "f1", Version: version, Issued: issued, Root: roots, Scripts: scripts}
}

func statement() *linkspan.Statement {
	return &linkspan.Statement{
		Type: linkspan.StatementType, Fleet: "f1", Targets: []string{"sw1"}, Epoch: 1, Serial: 1, Issued: issued, Expires: issued.Add(time.Hour),
		Images: map[string]string{},
		Script: linkspan.Script{
			Name: "branch", Targets: linkspan.Targets{Names: []string{"sw1"}}, Configure: []string{"set vlans 10 description offices"},
			Rollout: linkspan.Rollout{Soak: linkspan.Duration(time.Minute)},
		},
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestGolden: what is signed today is what was signed before, byte for byte, and is still accepted.
func TestGolden(t *testing.T) {
	a := key(t, 1)
	r := root(1, role(1, a), role(1, a))
	for name, text := range map[string][]byte{
		"root.json":      must[[]byte](t)(sign.SealRoot(r, a)),
		"statement.json": must[[]byte](t)(sign.SealStatement(statement(), a)),
		"receipt.json": must[[]byte](t)(sign.SealReceipt(linkspan.Receipt{
			Type: linkspan.ReceiptType, Fleet: "f1", Switch: "sw1", Script: "branch", Serial: 1, Outcome: linkspan.OutcomeCommitted, Began: issued, Ended: issued,
		}, a)),
	} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(must[[]byte](t)(os.ReadFile(file))), string(text)); diff != "" {
			t.Error(diff)
		}
	}
	trusted := must[*sign.Root](t)(sign.FirstRoot(must[[]byte](t)(os.ReadFile("testdata/root.json"))))
	s, digest, err := trusted.Statement(must[[]byte](t)(os.ReadFile("testdata/statement.json")))
	if err != nil || s.Script.Name != "branch" || !linkspan.IsDigest(digest) {
		t.Errorf("%+v, %s, %v", s, digest, err)
	}
	if diff := cmp.Diff(statement(), s); diff != "" {
		t.Error(diff)
	}
	if _, err := sign.OpenReceipt(must[[]byte](t)(os.ReadFile("testdata/receipt.json")), a.Public(), "sw1"); err != nil {
		t.Error(err)
	}
}

// TestHostile has envelopes that somebody made or changed on the way.
func TestHostile(t *testing.T) {
	a, b, eve := key(t, 1), key(t, 2), key(t, 3)
	r := root(1, role(1, a), role(2, a, b))
	good := must[[]byte](t)(sign.SealStatement(statement(), a, b))
	if _, _, err := r.Statement(good); err != nil {
		t.Fatal(err)
	}
	var e struct {
		PayloadType string           `json:"payloadType"`
		Payload     string           `json:"payload"`
		Signatures  []map[string]any `json:"signatures"`
	}
	if err := json.Unmarshal(good, &e); err != nil {
		t.Fatal(err)
	}
	payload := must[[]byte](t)(base64.StdEncoding.DecodeString(e.Payload))
	sealed := func(payload string, keys ...*sign.Key) []byte {
		return must[[]byte](t)(sign.Seal(linkspan.StatementType, []byte(payload), keys...))
	}
	changed := func(old, new string) []byte {
		text := bytes.Replace(payload, []byte(old), []byte(new), 1)
		if bytes.Equal(text, payload) {
			t.Fatalf("there is no %s", old)
		}
		return bytes.Replace(good, []byte(e.Payload), []byte(base64.StdEncoding.EncodeToString(text)), 1)
	}
	replaced := func(old, new string) []byte {
		text := bytes.Replace(good, []byte(old), []byte(new), 1)
		if bytes.Equal(text, good) {
			t.Fatalf("there is no %s", old)
		}
		return text
	}
	for name, c := range map[string]struct {
		envelope []byte
		want     error
	}{
		"tampered payload":       {changed(`"serial":1`, `"serial":9`), sign.ErrTampered},
		"another key":            {sealed(string(payload), eve), sign.ErrKeys},
		"too few":                {sealed(string(payload), a), sign.ErrKeys},
		"one key twice":          {sealed(string(payload), a, a), sign.ErrKeys},
		"too few and another":    {sealed(string(payload), a, eve), sign.ErrKeys},
		"unsigned":               {[]byte(fmt.Sprintf(`{"payloadType":%q,"payload":%q,"signatures":[]}`, e.PayloadType, e.Payload)), sign.ErrUnsigned},
		"no signatures":          {[]byte(fmt.Sprintf(`{"payloadType":%q,"payload":%q}`, e.PayloadType, e.Payload)), sign.ErrUnsigned},
		"other type outside":     {replaced(linkspan.StatementType, linkspan.ReceiptType), sign.ErrType},
		"type changed back":      {bytes.Replace(must[[]byte](t)(sign.Seal("x", payload, a, b)), []byte(`"x"`), []byte(`"`+linkspan.StatementType+`"`), 1), sign.ErrTampered},
		"field twice":            {sealed(strings.Replace(string(payload), `"serial":1`, `"serial":1,"serial":2`, 1), a, b), sign.ErrForm},
		"field twice, in case":   {sealed(strings.Replace(string(payload), `"serial":1`, `"serial":1,"Serial":2`, 1), a, b), sign.ErrForm},
		"unknown field":          {sealed(strings.Replace(string(payload), `"serial":1`, `"serial":1,"privileged":true`, 1), a, b), sign.ErrForm},
		"trailing data":          {sealed(string(payload)+"{}", a, b), sign.ErrForm},
		"not JSON":               {sealed("x", a, b), sign.ErrForm},
		"empty":                  {nil, sign.ErrForm},
		"null":                   {[]byte("null"), sign.ErrType},
		"list":                   {[]byte("[]"), sign.ErrForm},
		"envelope trailing":      {append(bytes.Clone(good), '{', '}'), sign.ErrForm},
		"envelope field twice":   {replaced(`"payloadType"`, `"payload":"", "payloadType"`), sign.ErrForm},
		"envelope unknown field": {replaced(`"payloadType"`, `"x":1, "payloadType"`), sign.ErrForm},
		"payload not base64":     {replaced(e.Payload, "!!!"), sign.ErrForm},
		"base64 with a break":    {replaced(e.Payload, e.Payload[:8]+`\n`+e.Payload[8:]), nil},
		"huge":                   {append(bytes.Clone(good), bytes.Repeat([]byte(" "), sign.MaxEnvelope)...), sign.ErrForm},
		"many signatures":        {[]byte(`{"payloadType":"","payload":"","signatures":[` + strings.Repeat(`{"keyid":"","sig":""},`, 32) + `{"keyid":"","sig":""}]}`), sign.ErrForm},
		"deep":                   {[]byte(strings.Repeat("[", 100)), sign.ErrForm},
		"not UTF-8":              {replaced(e.PayloadType, "\xff"), sign.ErrForm},
		"signature cut":          {replaced(e.Signatures[0]["sig"].(string), e.Signatures[0]["sig"].(string)[:84]), sign.ErrTampered},
		"key ids swapped":        {bytes.Replace(bytes.Replace(bytes.Replace(good, []byte(a.String()), []byte("@"), 1), []byte(b.String()), []byte(a.String()), 1), []byte("@"), []byte(b.String()), 1), sign.ErrTampered},
	} {
		s, _, err := r.Statement(c.envelope)
		if c.want == nil {
			if err != nil && s == nil {
				t.Logf("%s: %v", name, err)
			}
			continue
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if code := linkspan.CodeOf(err); code != linkspan.Permission && code != linkspan.Invalid {
			t.Errorf("%s: code %s", name, code)
		}
	}
}

func TestRotation(t *testing.T) {
	a, b, c, eve := key(t, 1), key(t, 2), key(t, 3), key(t, 4)
	scripts := role(1, a)
	one := must[[]byte](t)(sign.SealRoot(root(1, role(2, a, b), scripts), a, b))
	two := must[[]byte](t)(sign.SealRoot(root(2, role(2, b, c), role(1, c)), a, b, c))
	three := must[[]byte](t)(sign.SealRoot(root(3, role(1, c), role(1, c)), b, c))
	first := must[*sign.Root](t)(sign.FirstRoot(one))
	now := must[*sign.Root](t)(first.Follow(one, two, three))
	if now.Version != 3 {
		t.Errorf("version %d", now.Version)
	}
	if again := must[*sign.Root](t)(now.Follow(one, two, three)); again != now {
		t.Error("it went back")
	}
	old, renewed := must[[]byte](t)(sign.SealStatement(statement(), a)), must[[]byte](t)(sign.SealStatement(statement(), c))
	if _, _, err := now.Statement(old); !errors.Is(err, sign.ErrKeys) {
		t.Errorf("a key that is gone: %v", err)
	}
	if _, _, err := now.Statement(renewed); err != nil {
		t.Error(err)
	}
	for name, envelope := range map[string][]byte{
		"a gap":              three,
		"the same":           one,
		"by the new alone":   must[[]byte](t)(sign.SealRoot(root(2, role(1, eve), scripts), eve)),
		"by the old alone":   must[[]byte](t)(sign.SealRoot(root(2, role(2, eve, c), scripts), a, b)),
		"by one of the old":  must[[]byte](t)(sign.SealRoot(root(2, role(1, c), scripts), a, c)),
		"of another fleet":   must[[]byte](t)(sign.SealRoot(&sign.Root{Type: sign.RootType, Fleet: "f2", Version: 2, Issued: issued, Root: role(1, a), Scripts: scripts}, a, b)),
		"a statement":        old,
		"threshold of none":  must[[]byte](t)(sign.Seal(sign.RootType, []byte(`{"type":"application/vnd.linkspan.root.v1+json","fleet":"f1","version":2,"issued":"2026-11-22T00:00:00Z","root":{"threshold":0,"keys":[]},"scripts":{"threshold":0,"keys":[]}}`), a, b)),
		"changed on the way": bytes.Replace(two, []byte(`"payload": "`), []byte(`"payload": "IA`), 1),
		"empty":              nil,
	} {
		if next, err := first.Next(envelope); err == nil {
			t.Errorf("%s: it is now version %d", name, next.Version)
		}
	}
	if _, err := first.Follow(three); linkspan.CodeOf(err) != linkspan.Conflict {
		t.Errorf("a gap: %v", err)
	}
}

func TestRoles(t *testing.T) {
	a, b := key(t, 1), key(t, 2)
	for name, r := range map[string]*sign.Root{
		"no keys":   root(1, sign.Role{Threshold: 1}, role(1, a)),
		"too many":  root(1, role(3, a, b), role(1, a)),
		"none":      root(1, role(0, a), role(1, a)),
		"twice":     root(1, role(1, a), role(2, a, a)),
		"version":   root(0, role(1, a), role(1, a)),
		"no fleet":  {Type: sign.RootType, Version: 1, Issued: issued, Root: role(1, a), Scripts: role(1, a)},
		"no type":   {Fleet: "f1", Version: 1, Issued: issued, Root: role(1, a), Scripts: role(1, a)},
		"no time":   {Type: sign.RootType, Fleet: "f1", Version: 1, Root: role(1, a), Scripts: role(1, a)},
		"much keys": root(1, role(1, key(t, 1), key(t, 2), key(t, 3), key(t, 4), key(t, 5), key(t, 6), key(t, 7), key(t, 8), key(t, 9), key(t, 10), key(t, 11), key(t, 12), key(t, 13), key(t, 14), key(t, 15), key(t, 16), key(t, 17)), role(1, a)),
	} {
		if _, err := sign.SealRoot(r, a); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCosign(t *testing.T) {
	a, b := key(t, 1), key(t, 2)
	r := root(1, role(1, a), role(2, a, b))
	one := must[[]byte](t)(sign.SealStatement(statement(), a))
	both := must[[]byte](t)(sign.Cosign(one, b))
	s, digest, err := r.Statement(both)
	if err != nil || s == nil {
		t.Error(err)
	}
	if _, peeked, err := sign.PeekStatement(one); err != nil || peeked != digest {
		t.Errorf("the digest changes with signatures: %s, %s, %v", peeked, digest, err)
	}
	if _, err := sign.Cosign(both, b); linkspan.CodeOf(err) != linkspan.Exists {
		t.Errorf("twice: %v", err)
	}
}

func TestKeysAreHidden(t *testing.T) {
	k := key(t, 7)
	secret := string(must[[]byte](t)(k.Encode()))
	for _, shown := range []string{fmt.Sprint(k), fmt.Sprintf("%+v %#v %x %s", k, k, k, k), k.LogValue().String(), fmt.Sprint([]any{k, *k})} {
		if strings.Contains(shown, "0707070707") || strings.Contains(shown, secret[40:80]) {
			t.Errorf("it shows: %s", shown)
		}
	}
	public := must[sign.PublicKey](t)(sign.ParsePublicKey(must[[]byte](t)(k.Public().Encode())))
	if public != k.Public() || public.ID() != k.String() {
		t.Error("the public half is another one")
	}
	for _, wrong := range []string{"", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		if _, err := sign.ParsePublicKey([]byte(wrong)); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Error(err)
		}
		if _, err := sign.ParseKey([]byte(wrong)); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Error(err)
		}
	}
}

func TestReceipt(t *testing.T) {
	a, eve := key(t, 1), key(t, 2)
	r := linkspan.Receipt{Type: linkspan.ReceiptType, Fleet: "f1", Switch: "sw1", Outcome: linkspan.OutcomeRefused, Reason: "expired", Began: issued, Ended: issued}
	text := must[[]byte](t)(sign.SealReceipt(r, a))
	if got, err := sign.OpenReceipt(text, a.Public(), "sw1"); err != nil || got != r {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := sign.OpenReceipt(text, eve.Public(), "sw1"); !errors.Is(err, sign.ErrKeys) {
		t.Error(err)
	}
	if _, err := sign.OpenReceipt(text, a.Public(), "sw2"); !errors.Is(err, sign.ErrType) {
		t.Error(err)
	}
}

func FuzzOpen(f *testing.F) {
	a := key(f, 1)
	r := root(1, role(1, a), role(1, a))
	good, err := sign.SealStatement(statement(), a)
	if err != nil {
		f.Fatal(err)
	}
	_, payload, _, _ := sign.Peek(good)
	f.Add(good)
	f.Add([]byte(`{"payloadType":"","payload":"","signatures":[{"keyid":"","sig":""}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, digest, err := r.Statement(text)
		if err == nil && (digest != sign.Digest(payload) || s.Serial != 1) {
			t.Errorf("%s is accepted", text)
		}
	})
}

func FuzzStatement(f *testing.F) {
	good, _ := sign.SealStatement(statement(), key(f, 1))
	_, payload, _, _ := sign.Peek(good)
	f.Add(payload)
	a := key(f, 1)
	r := root(1, role(1, a), role(1, a))
	f.Fuzz(func(t *testing.T, payload []byte) { // whoever has the key writes anything
		envelope, err := sign.Seal(linkspan.StatementType, payload, a)
		if err != nil {
			return
		}
		if s, _, err := r.Statement(envelope); err == nil && s.Validate() != nil {
			t.Error("it is not valid")
		}
	})
}

func FuzzRoot(f *testing.F) {
	a := key(f, 1)
	good, _ := sign.SealRoot(root(1, role(1, a), role(1, a)), a)
	_, payload, _, _ := sign.Peek(good)
	f.Add(payload)
	f.Fuzz(func(t *testing.T, payload []byte) {
		envelope, err := sign.Seal(sign.RootType, payload, a)
		if err != nil {
			return
		}
		if r, err := sign.FirstRoot(envelope); err == nil && r.Validate() != nil {
			t.Error("it is not valid")
		}
	})
}

func FuzzParseKey(f *testing.F) {
	text, _ := key(f, 1).Encode()
	f.Add(text)
	public, _ := key(f, 1).Public().Encode()
	f.Add(public)
	f.Fuzz(func(t *testing.T, text []byte) {
		if k, err := sign.ParseKey(text); err == nil && k == nil {
			t.Error("there is none")
		}
		if k, err := sign.ParsePublicKey(text); err == nil && k == (sign.PublicKey{}) {
			t.Log("the zero key")
		}
	})
}
