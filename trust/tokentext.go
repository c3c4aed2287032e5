// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// The text of a token is the prefix and, in unpadded base64url (RFC 4648, 5):
// 10 bytes id, 32 bytes CA fingerprint, 32 bytes secret, 8 bytes end in Unix
// seconds (0: none), the addresses, each a length byte and its text, and the
// CRC-32C (RFC 3720, B.4) of all that. The checksum finds every slip within
// five neighbouring characters, and misses others once in four thousand million.
const (
	tokenPrefix    = "lsjoin1."
	tokenFixed     = len(TokenID{}) + len(Digest{}) + secretSize + 8
	tokenSum       = 4
	maxAddresses   = 16
	maxAddress     = 255
	maxTokenBinary = tokenFixed + maxAddresses*(1+maxAddress) + tokenSum
)

// Reveal returns the text to hand to the host. It contains the secret.
func (t Token) Reveal() string {
	b := append([]byte(nil), t.ID[:]...)
	b = append(b, t.CA[:]...)
	b = append(b, t.Secret.Reveal()...)
	var expires int64
	if !t.Expires.IsZero() {
		expires = t.Expires.Unix()
	}
	b = binary.BigEndian.AppendUint64(b, uint64(expires))
	for _, address := range t.Addresses {
		b = append(b, byte(len(address)))
		b = append(b, address...)
	}
	b = binary.BigEndian.AppendUint32(b, tokenChecksum(b))
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// ParseToken reads the text that [Token.Reveal] returns, white space around it
// ignored. An error is of code invalid and never repeats any of the text.
func ParseToken(text string) (Token, error) {
	encoded, ok := strings.CutPrefix(strings.TrimSpace(text), tokenPrefix)
	if !ok {
		return Token{}, badToken("it does not begin with " + tokenPrefix)
	}
	if base64.RawURLEncoding.DecodedLen(len(encoded)) > maxTokenBinary {
		return Token{}, badToken("it is too long")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return Token{}, badToken("it has a character that no token has")
	}
	if len(b) < tokenFixed+tokenSum {
		return Token{}, badToken("it is too short")
	}
	body, sum := b[:len(b)-tokenSum], b[len(b)-tokenSum:]
	if binary.BigEndian.Uint32(sum) != tokenChecksum(body) {
		return Token{}, badToken("its checksum is wrong")
	}
	return decodeToken(body)
}

func decodeToken(body []byte) (t Token, err error) {
	body = body[copy(t.ID[:], body):]
	body = body[copy(t.CA[:], body):]
	if t.Secret, err = SecretFrom(body[:secretSize]); err != nil {
		return Token{}, err
	}
	body = body[secretSize:]
	if expires := binary.BigEndian.Uint64(body); expires != 0 {
		t.Expires = time.Unix(int64(expires), 0).UTC()
	}
	if t.Addresses, err = decodeAddresses(body[8:]); err != nil {
		return Token{}, err
	}
	return t, t.validate()
}

func decodeAddresses(b []byte) (addresses []string, err error) {
	for len(b) > 0 {
		n := 1 + int(b[0])
		if n > len(b) {
			return nil, badToken("an address in it is cut short")
		}
		addresses, b = append(addresses, string(b[1:n])), b[n:]
	}
	return addresses, nil
}

func (t Token) validate() error {
	if t.CA.IsZero() {
		return badToken("it has no CA fingerprint")
	}
	if end := t.Expires; !end.IsZero() && end.Unix() <= 0 {
		return badToken("it ends before 1970")
	}
	if len(t.Addresses) > maxAddresses {
		return badToken(fmt.Sprintf("it has more than %d addresses", maxAddresses))
	}
	for _, address := range t.Addresses {
		if !validAddress(address) {
			return badToken(fmt.Sprintf("%q in it is not host:port", address))
		}
	}
	return nil
}

func validAddress(address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || len(address) > maxAddress {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func tokenChecksum(b []byte) uint32 {
	return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
}

func badToken(what string) error {
	return refuse(linkspan.Invalid, "join token", what,
		"copy the token again, whole, or make a new one with \"linkspan switch token\"")
}
