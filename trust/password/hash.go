// SPDX-License-Identifier: Apache-2.0

package password

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/linkspan/linkspan"
)

// Lengths of passwords, in bytes.
const (
	MinLength = 8
	MaxLength = 1024
)

const (
	saltSize = 16 // bytes (RFC 9106, 3.1)
	keySize  = 32 // bytes

	// What bcrypt may cost: below the first guessing is too cheap, the last takes about a second.
	minCost, maxCost = 10, 14
)

// Hash returns the hash of a password, of argon2id with 19 MiB and 2 passes. The
// error is Invalid for a password that is too short or too long.
func Hash(password string, random io.Reader) (string, error) {
	if len(password) < MinLength || len(password) > MaxLength {
		return "", &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("the password has %d bytes instead of %d to %d", len(password), MinLength, MaxLength)}
	}
	a := made()
	a.salt = make([]byte, saltSize)
	if _, err := io.ReadFull(random, a.salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	a.key = a.derive(password)
	return a.String(), nil
}

// Check says whether a hash can be compared with: that its form is known and its
// cost within bounds. The error is Invalid and does not tell the hash.
func Check(hash string) error {
	if !strings.HasPrefix(hash, argonPrefix) {
		return checkBcrypt(hash)
	}
	_, err := parseArgon(hash)
	return err
}

// bcryptWork is what bcrypt of cost 0 would take in the unit of [Work], about.
const bcryptWork = 48

// Work returns about how long a hash takes to compare, in KiB times passes of argon2id; 0 for
// one that [Check] refuses.
func Work(hash string) int {
	if Check(hash) != nil {
		return 0
	}
	if a, err := parseArgon(hash); err == nil {
		return int(a.memory) * int(a.time)
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		return 0
	}
	return bcryptWork << cost
}

// Verify says whether the hash is of the password. It takes up to a second and some
// memory: see [Check] for the error.
func Verify(hash, password string) (bool, error) {
	if len(password) > MaxLength {
		return false, nil
	}
	if !strings.HasPrefix(hash, argonPrefix) {
		return verifyBcrypt(hash, password)
	}
	a, err := parseArgon(hash)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(a.derive(password), a.key) == 1, nil
}

func checkBcrypt(hash string) error {
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil {
		return invalid("is neither of argon2id nor of bcrypt")
	}
	if cost < minCost || cost > maxCost {
		return invalid(fmt.Sprintf("has a cost of %d, of %d to %d", cost, minCost, maxCost))
	}
	return nil
}

func verifyBcrypt(hash, password string) (bool, error) {
	if err := checkBcrypt(hash); err != nil {
		return false, err
	}
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	if err != nil {
		return false, invalid("is neither of argon2id nor of bcrypt")
	}
	return true, nil
}

func invalid(what string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: "the hash of a password " + what, Hint: "linkspan password makes one"}
}
