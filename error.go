// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"errors"
	"strings"
)

// Code says what a caller can do about an error. Codes are mapped once, at the
// edges of the program: to an RPC status, an exit status, a plugin answer.
type Code uint8

// The codes. The zero value is Internal, so that an error nobody classified is
// never taken for something the caller could mend.
const (
	Internal        Code = iota // a fault of the program or the machine
	Invalid                     // the request can never succeed as it stands
	NotFound                    // what was named does not exist
	Exists                      // what was to be created exists already
	Conflict                    // somebody else changed it meanwhile; read again
	Permission                  // the caller is known and may not do this
	Unauthenticated             // the caller is not known
	Unavailable                 // a part is away; the same request may succeed later
	Exhausted                   // a pool or limit is used up
	InUse                       // it cannot go while others need it
)

var codeNames = [...]string{
	"internal", "invalid", "not_found", "exists", "conflict", "permission",
	"unauthenticated", "unavailable", "exhausted", "in_use",
}

// String returns the code's name in snake_case, as logs and JSON show it.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return codeNames[Internal]
}

// ParseCode is the inverse of Code.String; an unknown name is Internal.
func ParseCode(name string) Code {
	for i, n := range codeNames {
		if n == name {
			return Code(i)
		}
	}
	return Internal
}

// Error is the one error type callers act upon.
type Error struct {
	Code    Code
	Op      string // the operation and its object, "create network web"; may be empty
	Message string // what is wrong, lower case, no full stop
	Hint    string // what to do or type next; may be empty
	Err     error  // the cause; may be nil
}

var _ error = (*Error)(nil)

// Error returns "op: message: cause"; the hint is for the edge to print on a
// line of its own.
func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	for _, s := range []string{e.Op, e.Message} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if len(parts) == 0 {
		return e.Code.String()
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the outermost *Error in err's chain, and Internal
// when there is none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// HintOf returns the first hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
