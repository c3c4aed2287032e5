// SPDX-License-Identifier: Apache-2.0

package password

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const argonPrefix = "$argon2id$"

// What argon2id may cost.
const (
	minMemory, maxMemory   = 8 << 10, 256 << 10 // KiB
	maxTime                = 16                 // passes
	maxThreads             = 8
	maxWork                = 1 << 20 // KiB times passes: about a second
	minSalt, maxSalt       = 8, 64   // bytes
	minKeySize, maxKeySize = 16, 64  // bytes
)

// argon is a hash of argon2id.
type argon struct {
	memory, time uint32 // KiB, passes
	threads      uint8
	salt, key    []byte
}

// made returns what hashes are made with: the second choice of RFC 9106 with less
// memory, as OWASP's password storage cheat sheet has it for servers that log in many.
func made() argon {
	return argon{memory: 19 << 10, time: 2, threads: 1, key: make([]byte, keySize)}
}

func (a argon) derive(password string) []byte {
	return argon2.IDKey([]byte(password), a.salt, a.time, a.memory, a.threads, uint32(len(a.key)))
}

// String returns the PHC string.
func (a argon) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("%sv=%d$m=%d,t=%d,p=%d$%s$%s", argonPrefix, argon2.Version, a.memory, a.time, a.threads, b64.EncodeToString(a.salt), b64.EncodeToString(a.key))
}

// parseArgon reads a PHC string of which the cost is within bounds.
func parseArgon(hash string) (argon, error) {
	var a argon
	fields := strings.Split(strings.TrimPrefix(hash, argonPrefix), "$")
	if len(fields) != 4 || fields[0] != fmt.Sprintf("v=%d", argon2.Version) {
		return a, invalid("of argon2id is not of version 19 with four fields")
	}
	var m, t, p int
	if n, err := fmt.Sscanf(fields[1], "m=%d,t=%d,p=%d", &m, &t, &p); n != 3 || err != nil || fields[1] != fmt.Sprintf("m=%d,t=%d,p=%d", m, t, p) {
		return a, invalid("of argon2id has no m, t and p")
	}
	if m < minMemory || m > maxMemory || t < 1 || t > maxTime || p < 1 || p > maxThreads || m*t > maxWork {
		return a, invalid(fmt.Sprintf("of argon2id costs too little or too much: m=%d,t=%d,p=%d", m, t, p))
	}
	salt, bad := base64.RawStdEncoding.Strict().DecodeString(fields[2])
	key, worse := base64.RawStdEncoding.Strict().DecodeString(fields[3])
	if bad != nil || worse != nil || len(salt) < minSalt || len(salt) > maxSalt || len(key) < minKeySize || len(key) > maxKeySize {
		return a, invalid("of argon2id has no salt and key in base64")
	}
	return argon{uint32(m), uint32(t), uint8(p), salt, key}, nil
}
