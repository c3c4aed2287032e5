// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
)

// Halfway is the error of an Apply that could not bring the host back: it is neither as it
// was nor as it should be.
type Halfway struct {
	Because error // why it had to be brought back
	Undo    error // why it could not
}

var _ error = (*Halfway)(nil)

// Error says both.
func (h *Halfway) Error() string { return fmt.Sprintf("%v; undo: %v", h.Because, h.Undo) }

// Unwrap returns both.
func (h *Halfway) Unwrap() []error { return []error{h.Because, h.Undo} }

// Undone returns the error of an Apply that was undone: because, if undo is nil, and
// otherwise a [Halfway].
func Undone(because, undo error) error {
	if undo == nil {
		return because
	}
	return &Halfway{because, undo}
}

// halfway says whether an error tells of a host that was not brought back.
func halfway(err error) bool {
	var h *Halfway
	return errors.As(err, &h)
}
