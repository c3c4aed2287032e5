// SPDX-License-Identifier: Apache-2.0

package kv

import "strconv"

// Code says what a caller can do about an error.
type Code string

// The codes of errors.
const (
	// NotFound: the key or lease does not exist.
	NotFound Code = "not_found"
	// Conflict: a condition does not hold; read again and decide anew.
	Conflict Code = "conflict"
	// Compacted: the history asked for is gone; list anew.
	Compacted Code = "compacted"
	// Closed: the store was closed by its own process.
	Closed Code = "closed"
	// Unavailable: the store cannot be reached or has no quorum; try again
	// later. A transaction may have happened.
	Unavailable Code = "unavailable"
	// Invalid: the caller broke the contract, such as with a malformed key.
	Invalid Code = "invalid"
	// TooLarge: a value or transaction exceeds a limit.
	TooLarge Code = "too_large"
	// Full: the store takes no more writes for lack of space; reads go on.
	Full Code = "full"
	// Busy: another process holds the files of the store.
	Busy Code = "busy"
)

// Errors to compare with by errors.Is; they match every [Error] of their code.
var (
	ErrNotFound    error = &Error{Code: NotFound}
	ErrConflict    error = &Error{Code: Conflict}
	ErrCompacted   error = &Error{Code: Compacted}
	ErrClosed      error = &Error{Code: Closed}
	ErrUnavailable error = &Error{Code: Unavailable}
	ErrInvalid     error = &Error{Code: Invalid}
	ErrTooLarge    error = &Error{Code: TooLarge}
	ErrFull        error = &Error{Code: Full}
	ErrBusy        error = &Error{Code: Busy}
)

// Error is an error of a store.
type Error struct {
	// Code is what to act on.
	Code Code
	// Op is what was tried, such as "get" or "open".
	Op string
	// Key is the key, prefix or path it was tried on; may be empty.
	Key string
	// Err is the cause; may be nil.
	Err error
}

// Error returns operation, operand, code and cause, as far as there are any.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Key != "" {
		text = strconv.Quote(e.Key) + ": " + text
	}
	if e.Op != "" {
		text = e.Op + " " + text
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is tells whether target is the bare error of the same code.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && *other == Error{Code: e.Code}
}

var _ error = (*Error)(nil)
