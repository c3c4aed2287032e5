// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxBody is the length of the longest body that is read, in bytes.
const MaxBody = 1 << 20

// The errors of Decode that are not about the JSON itself.
var (
	ErrEmpty    = errors.New("request has an empty body")
	ErrTooLarge = fmt.Errorf("request has more than %d bytes", MaxBody)
)

// Request is a body that can tell whether it has what its operation needs.
type Request interface {
	// Validate returns an error that names the first field that is missing.
	Validate() error
}

// Decode reads one JSON object into req and validates it. Nothing but white
// space may follow.
func Decode(body io.Reader, req Request) error {
	data, err := io.ReadAll(io.LimitReader(body, MaxBody+1))
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	if len(data) > MaxBody {
		return ErrTooLarge
	}
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
		return ErrEmpty
	case data[0] != '{':
		return errors.New("request is not a JSON object")
	}
	if err := json.Unmarshal(data, req); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	return req.Validate()
}

func need(name, value string) error {
	if value == "" {
		return errors.New("request has no " + name)
	}
	return nil
}
