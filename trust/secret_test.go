// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestSecretsStaySecret prints, logs and marshals everything that holds a secret
// in every way there is, also inside a struct that does not know.
func TestSecretsStaySecret(t *testing.T) {
	ca := newTestCA(t, nil)
	keeper := keeperFor(t, ca, aChassis)
	request, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	token, _ := newTestToken(t, TokenRequest{})
	parsed, err := ParseToken(token.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	secrets := [][]byte{token.Secret.Reveal(), keyBytes(t, ca.key()), keyBytes(t, keeper.KeyPair().key()), keyBytes(t, request.key())}
	type wrapper struct {
		Exported any
		hidden   any
	}
	for _, holder := range []any{
		token, &token, parsed, token.Secret, ca, *ca, keeper.KeyPair(), *keeper.KeyPair(), request, *request,
		struct{ token Token }{token}, struct{ secret Secret }{token.Secret},
	} {
		for _, value := range []any{holder, wrapper{holder, holder}, &wrapper{holder, holder}, []any{holder}} {
			assertNone(t, everyPrint(value), secrets)
		}
	}
}

func everyPrint(value any) string {
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+"\n", value)
	}
	text, _ := json.Marshal(value)
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("event", "value", value)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("event", "value", value)
	return out.String()
}

func assertNone(t *testing.T, text string, secrets [][]byte) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, secret := range secrets {
		decimal := strings.Trim(fmt.Sprintf("%d", secret[8:16]), "[]")
		for _, form := range []string{
			string(secret[8:16]), hex.EncodeToString(secret[8:16]), decimal, strings.ReplaceAll(decimal, " ", ", "),
			fmt.Sprintf("%#v", secret[8:16])[len("[]byte{"):][:30],
			base64.StdEncoding.EncodeToString(secret[9:18]), base64.RawURLEncoding.EncodeToString(secret[9:18]),
		} {
			if strings.Contains(text, form) || strings.Contains(lower, form) {
				t.Fatalf("a secret shows in:\n%s", text)
			}
		}
	}
}

// keyBytes returns the private scalar, which is all of a P-256 key's secret.
func keyBytes(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	raw, err := key.(*ecdsa.PrivateKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestErrorsDoNotRepeatTheToken(t *testing.T) {
	token, _ := newTestToken(t, TokenRequest{})
	text := token.Reveal()
	for _, typo := range []string{text[1:], text[:len(text)-1], text + "A", "x" + text, text[:30]} {
		_, err := ParseToken(typo)
		if err == nil {
			t.Fatal("a typo was taken")
		}
		if strings.Contains(err.Error(), text[70:90]) || strings.Contains(err.Error(), text[10:25]) {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}
