// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// FailedError is a plugin's answer that it did not do what it was asked.
type FailedError struct {
	Text string // the plugin's own words; may be empty
}

// Error returns the plugin's words.
func (e *FailedError) Error() string {
	if e.Text == "" {
		return "the plugin failed"
	}
	return e.Text
}

// DecodeAnswer reads a plugin's answer into one of the structs of this package,
// or nil for one that says nothing. A failure, which is another HTTP status than
// 200 or a text under Err or Error, is a *FailedError. An empty answer of status
// 200 says nothing.
func DecodeAnswer(data []byte, status int, answer any) error {
	if len(data) > MaxBody {
		return fmt.Errorf("answer has more than %d bytes", MaxBody)
	}
	data = bytes.TrimSpace(data)
	var failure Failure
	isObject := json.Unmarshal(data, &failure) == nil
	words := failure.Err
	if words == "" {
		words = failure.Error
	}
	switch {
	case words != "":
		return &FailedError{words}
	case status != http.StatusOK && isObject:
		return &FailedError{}
	case status != http.StatusOK:
		return &FailedError{string(data[:min(len(data), 200)])}
	case answer == nil || len(data) == 0:
		return nil
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}
