// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind is what an entry is about.
type Kind string

// The kinds of entries.
const (
	Login   Kind = "login"   // somebody proved who he is
	Logout  Kind = "logout"  // a session ended
	Denied  Kind = "denied"  // a login or a command was refused
	Command Kind = "command" // somebody typed something
	Call    Kind = "call"    // somebody called the API to change something
	Change  Kind = "change"  // another configuration runs
	Script  Kind = "script"  // a behavior script was accepted, carried out or taken back
	Start   Kind = "start"   // the process that writes the log has started
	Cut     Kind = "cut"     // the end of the log was not readable and was taken away
	Dropped Kind = "dropped" // old records were removed to make room
)

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{Login, Logout, Denied, Command, Call, Change, Script, Start, Cut, Dropped}
}

// MaxText is the greatest length of an entry's text, in bytes; of a longer one the
// beginning is kept.
const MaxText = 16 << 10

// Entry is what somebody did. Without secrets: they would stay for ever.
type Entry struct {
	Kind     Kind   `json:"kind"`
	Who      string `json:"who"`                // a user's name; empty for the switch itself
	Role     string `json:"role,omitempty"`     // what the user was at that time
	How      string `json:"how,omitempty"`      // by what means: console, ssh, api, return, boot
	From     string `json:"from,omitempty"`     // address
	Session  string `json:"session,omitempty"`  // tells the sessions of one user apart
	Text     string `json:"text,omitempty"`     // the command, or what was changed
	Revision int    `json:"revision,omitempty"` // of the configuration, of a change
	Error    string `json:"error,omitempty"`    // why it was not done; empty: it was
}

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns the hash in hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads hexadecimal digits.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash has %d hexadecimal digits, not %d", hex.EncodedLen(len(h)), len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// Record is an entry in its place in the log.
type Record struct {
	Number uint64    `json:"number"` // from 1, without gaps
	Time   time.Time `json:"time"`
	Entry
	Before Hash `json:"before"` // hash of the record before; zeros for the first
	Hash   Hash `json:"-"`      // of this one
}

// Anchor is a record's number and hash, kept where nobody can change it.
type Anchor struct {
	Number uint64 `json:"number"` // 0: none
	Hash   Hash   `json:"hash"`
}

// Anchor returns what holds the log to this record.
func (r Record) Anchor() Anchor { return Anchor{r.Number, r.Hash} }

// ParseAnchor reads "NUMBER:HASH", as String writes it.
func ParseAnchor(text string) (a Anchor, err error) {
	number, hash, ok := strings.Cut(text, ":")
	if _, err = fmt.Sscanf(number, "%d", &a.Number); !ok || err != nil || a.Number == 0 || number != fmt.Sprint(a.Number) {
		return a, fmt.Errorf("%q is not the number of a record, a colon and its hash", text)
	}
	return a, a.Hash.UnmarshalText([]byte(hash))
}

// String returns "NUMBER:HASH".
func (a Anchor) String() string { return fmt.Sprintf("%d:%s", a.Number, a.Hash) }

// hashEnd is where the hash of a line ends.
const hashEnd = 2 * sha256.Size

// line returns the record's line, and sets its hash.
func (r *Record) line() ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	r.Hash = sha256.Sum256(body)
	return fmt.Appendf(make([]byte, 0, hashEnd+len(body)+2), "%s %s\n", r.Hash, body), nil
}

// errLine is a line that is no record. It is never changed.
var errLine = errors.New("it is no record with its hash")

// decode reads a line without its line break.
func decode(line []byte) (r Record, err error) {
	if len(line) <= hashEnd || line[hashEnd] != ' ' {
		return r, errLine
	}
	body := line[hashEnd+1:]
	if err := r.Hash.UnmarshalText(line[:hashEnd]); err != nil {
		return r, errLine
	}
	if r.Hash != sha256.Sum256(body) || r.Hash.String() != string(line[:hashEnd]) {
		return r, fmt.Errorf("%w: it was changed", errLine)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.Number == 0 {
		return r, errLine
	}
	return r, nil
}

// bounded makes an entry one that can be written: valid UTF-8 of bounded length.
func (e Entry) bounded() Entry {
	for _, s := range []*string{&e.Who, &e.Role, &e.How, &e.From, &e.Session, &e.Error} {
		*s = shorten(*s, 1024)
	}
	e.Text = shorten(e.Text, MaxText)
	return e
}

func shorten(text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	for most--; !utf8.RuneStart(text[most]); most-- {
	}
	return fmt.Sprintf("%s... (%d bytes)", text[:most], len(text))
}
