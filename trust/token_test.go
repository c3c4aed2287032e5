// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
)

func newTestToken(t testing.TB, req TokenRequest) (Token, TokenRecord) {
	t.Helper()
	if req.CA.IsZero() {
		req.CA = Digest{1, 2, 3}
	}
	token, record, err := NewToken(req)
	if err != nil {
		t.Fatal(err)
	}
	return token, record
}

var compareToken = cmp.Options{
	cmp.Comparer(func(a, b Secret) bool { return string(a.Reveal()) == string(b.Reveal()) }),
}

func TestTokenText(t *testing.T) {
	for _, req := range []TokenRequest{
		{},
		{Lifetime: -1},
		{Addresses: []string{"10.0.0.1:7443", "[fd00::1]:7443", "controller.example:7443"}},
	} {
		token, _ := newTestToken(t, req)
		back, err := ParseToken(" " + token.Reveal() + "\n")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(token, back, compareToken); diff != "" {
			t.Errorf("the token came back changed:\n%s", diff)
		}
	}
}

func TestTokenLifetime(t *testing.T) {
	now := newClock().Now()
	token, record := newTestToken(t, TokenRequest{Now: now})
	if want := now.Add(24 * time.Hour); !token.Expires.Equal(want) || !record.Expires.Equal(want) {
		t.Errorf("ends at %v and %v; want %v", token.Expires, record.Expires, want)
	}
	token, record = newTestToken(t, TokenRequest{Now: now, Lifetime: -1})
	if token.Expired(now.AddDate(100, 0, 0)) || record.Expired(now.AddDate(100, 0, 0)) {
		t.Error("a token without an end ended")
	}
}

// TestTokenTypo makes the slips of a person who copies by hand.
func TestTokenTypo(t *testing.T) {
	token, _ := newTestToken(t, TokenRequest{Addresses: []string{"10.0.0.1:7443"}})
	text := token.Reveal()
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(text)-2).Draw(t, "at")
		var typo string
		switch rapid.SampledFrom([]string{"other", "swap", "drop", "double"}).Draw(t, "slip") {
		case "other":
			other := rapid.SampledFrom([]byte("abcXYZ019-_ .\n")).Draw(t, "character")
			typo = text[:at] + string(other) + text[at+1:]
		case "swap":
			typo = text[:at] + string(text[at+1]) + string(text[at]) + text[at+2:]
		case "drop":
			typo = text[:at] + text[at+1:]
		case "double":
			typo = text[:at] + text[at:at+1] + text[at:]
		}
		if strings.TrimSpace(typo) == text {
			return
		}
		if _, err := ParseToken(typo); linkspan.CodeOf(err) != linkspan.Invalid || linkspan.HintOf(err) == "" {
			t.Fatalf("%q: %v", typo, err)
		}
	})
}

func TestTokenBadRequest(t *testing.T) {
	for name, req := range map[string]TokenRequest{
		"no CA":         {},
		"no port":       {CA: Digest{1}, Addresses: []string{"10.0.0.1"}},
		"no host":       {CA: Digest{1}, Addresses: []string{":7443"}},
		"port 0":        {CA: Digest{1}, Addresses: []string{"h:0"}},
		"long":          {CA: Digest{1}, Addresses: []string{strings.Repeat("a", 260) + ":1"}},
		"many":          {CA: Digest{1}, Addresses: make([]string, 17)},
		"no randomness": {CA: Digest{1}, Rand: strings.NewReader("short")},
	} {
		if _, _, err := NewToken(req); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRedeem(t *testing.T) {
	now := newClock().Now()
	token, record := newTestToken(t, TokenRequest{Now: now})
	other, _ := newTestToken(t, TokenRequest{Now: now})
	key, otherKey := Digest{7}, Digest{8}
	used, err := record.Redeem(token.ID, token.Secret, aChassis, key, now)
	if err != nil {
		t.Fatal(err)
	}
	renumbered := aChassis
	renumbered.Number++
	again, err := used.Redeem(token.ID, token.Secret, renumbered, key, now.Add(time.Hour))
	if err != nil {
		t.Fatalf("the same host repeats its request: %v", err)
	}
	if diff := cmp.Diff(used, again); diff != "" {
		t.Errorf("a repeated request changed the record:\n%s", diff)
	}
	renamed := aChassis
	renamed.Name = "h2"
	for name, redeem := range map[string]func() (TokenRecord, error){
		"wrong secret": func() (TokenRecord, error) { return record.Redeem(token.ID, other.Secret, aChassis, key, now) },
		"no secret":    func() (TokenRecord, error) { return record.Redeem(token.ID, Secret{}, aChassis, key, now) },
		"wrong id":     func() (TokenRecord, error) { return record.Redeem(other.ID, token.Secret, aChassis, key, now) },
		"unknown":      func() (TokenRecord, error) { return TokenRecord{}.Redeem(token.ID, token.Secret, aChassis, key, now) },
		"zero":         func() (TokenRecord, error) { return TokenRecord{}.Redeem(TokenID{}, Secret{}, aChassis, key, now) },
		"expired": func() (TokenRecord, error) {
			return record.Redeem(token.ID, token.Secret, aChassis, key, now.Add(24*time.Hour))
		},
		"used by another key":  func() (TokenRecord, error) { return used.Redeem(token.ID, token.Secret, aChassis, otherKey, now) },
		"used by another name": func() (TokenRecord, error) { return used.Redeem(token.ID, token.Secret, renamed, key, now) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := redeem()
			wantCode(t, err, linkspan.Unauthenticated)
		})
	}
}

func TestTokenRecordJSON(t *testing.T) {
	now := newClock().Now()
	token, record := newTestToken(t, TokenRequest{Now: now, CreatedBy: aUser})
	used, err := record.Redeem(token.ID, token.Secret, aChassis, Digest{7}, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []TokenRecord{record, used} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got TokenRecord
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s came back changed:\n%s", text, diff)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	for _, req := range []TokenRequest{{}, {Lifetime: -1}, {Addresses: []string{"h:1", "[::1]:2"}}} {
		token, _ := newTestToken(f, req)
		f.Add(token.Reveal())
	}
	f.Add("lsjoin1.")
	f.Add("lsjoin1." + strings.Repeat("A", 200))
	f.Fuzz(func(t *testing.T, text string) {
		token, err := ParseToken(text)
		if err == nil && token.Reveal() != strings.TrimSpace(text) {
			t.Fatalf("%q is read as %q", text, token.Reveal())
		}
	})
}

// FuzzTokenBody gets past the checksum, which a fuzzer does not guess.
func FuzzTokenBody(f *testing.F) {
	f.Add(make([]byte, tokenFixed))
	f.Add(append(make([]byte, tokenFixed), "\x03h:1\x05[::1]"...))
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) < tokenFixed {
			return
		}
		token, err := decodeToken(body)
		if err != nil {
			return
		}
		if _, err := ParseToken(token.Reveal()); err != nil {
			t.Fatalf("a token that was decoded cannot be parsed: %v", err)
		}
	})
}

func FuzzParseDigest(f *testing.F) {
	f.Add(Digest{1, 2, 3}.String())
	f.Add("sha256:" + strings.Repeat("F", 64))
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDigest(text); err == nil && d.String() != text {
			t.Fatalf("%q is read as %q", text, d)
		}
	})
}

func FuzzParseTokenID(f *testing.F) {
	f.Add(TokenID{1, 2, 3}.String())
	f.Add(strings.Repeat("F", 20))
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseTokenID(text); err == nil && id.String() != text {
			t.Fatalf("%q is read as %q", text, id)
		}
	})
}
