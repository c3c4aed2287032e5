// SPDX-License-Identifier: Apache-2.0

package password_test

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/password"
)

func TestHashIsOfItsPasswordAlone(t *testing.T) {
	hash, err := password.Hash("correct horse", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := password.Hash("correct horse", rand.Reader)
	if err != nil || again == hash {
		t.Errorf("the same password twice: %q, %v", again, err)
	}
	if err := password.Check(hash); err != nil {
		t.Error(err)
	}
	for typed, want := range map[string]bool{"correct horse": true, "correct horsf": false, "": false, strings.Repeat("x", 4096): false} {
		if got, err := password.Verify(hash, typed); got != want || err != nil {
			t.Errorf("Verify(%.20q) = %v, %v", typed, got, err)
		}
	}
}

// TestKnown compares with a hash of the reference implementation:
// printf password | argon2 somesalt -id -t 2 -m 16 -p 1.
func TestKnown(t *testing.T) {
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if same, err := password.Verify(hash, "password"); !same || err != nil {
		t.Errorf("%v, %v", same, err)
	}
}

func TestBcrypt(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"$2a$", "$2b$", "$2y$"} {
		own := form + string(hash[4:])
		if same, err := password.Verify(own, "correct horse"); !same || err != nil {
			t.Errorf("%s: %v, %v", form, same, err)
		}
		if same, err := password.Verify(own, "wrong horse"); same || err != nil {
			t.Errorf("%s with another password: %v, %v", form, same, err)
		}
	}
}

func TestLengths(t *testing.T) {
	for _, bad := range []string{"", "1234567", strings.Repeat("x", password.MaxLength+1)} {
		if _, err := password.Hash(bad, rand.Reader); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
	if _, err := password.Hash("12345678", bytes.NewReader(nil)); err == nil {
		t.Error("a hash without a salt")
	}
}

// TestRefused has hashes that cost too much or too little, or are none.
func TestRefused(t *testing.T) {
	const tail = "$c29tZXNhbHQ$GpZ3sK/oH9p7VIiV56G/64Zo/8GaUw434IimaPqxwCo"
	for _, hash := range []string{
		"", "secret", "$1$abc$def", "$argon2id$", "$argon2i$v=19$m=65536,t=2,p=4" + tail,
		"$argon2id$v=16$m=65536,t=2,p=4" + tail,
		"$argon2id$v=19$m=4294967295,t=2,p=4" + tail,
		"$argon2id$v=19$m=65536,t=4294967295,p=4" + tail,
		"$argon2id$v=19$m=262144,t=16,p=4" + tail,
		"$argon2id$v=19$m=65536,t=2,p=255" + tail,
		"$argon2id$v=19$m=65536,t=0,p=4" + tail,
		"$argon2id$v=19$m=16,t=1,p=1" + tail,
		"$argon2id$v=19$m=+65536,t=2,p=4" + tail,
		"$argon2id$v=19$m=65536,t=2,p=4$c2$" + tail[13:],
		"$argon2id$v=19$m=65536,t=2,p=4" + tail[:20],
		"$2b$31$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe",
		"$2b$04$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe",
	} {
		err := password.Check(hash)
		if linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("Check(%q) = %v", hash, err)
		}
		if same, err := password.Verify(hash, "password"); same || err == nil {
			t.Errorf("Verify(%q) = %v, %v", hash, same, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$GpZ3sK/oH9p7VIiV56G/64Zo/8GaUw434IimaPqxwCo")
	f.Add("$2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe")
	f.Fuzz(func(t *testing.T, hash string) {
		if err := password.Check(hash); err != nil && linkspan.CodeOf(err) != linkspan.Invalid {
			t.Error(err)
		}
	})
}

// What takes longer to compare has more work.
func TestWork(t *testing.T) {
	var all []int
	for _, hash := range []string{
		"", "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$jGhZQV66F5X7QBV6uNfsC1HnG7YPoDZslWl0UEnJgwM",
		"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$jGhZQV66F5X7QBV6uNfsC1HnG7YPoDZslWl0UEnJgwM",
		"$2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe",
	} {
		all = append(all, password.Work(hash))
	}
	if all[0] != 0 || !slices.IsSorted(all) || len(slices.Compact(all)) != 4 {
		t.Error(all)
	}
}
