// SPDX-License-Identifier: Apache-2.0

package kv_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
)

func TestErrorText(t *testing.T) {
	cases := []struct {
		err  error
		want string
	}{
		{kv.ErrNotFound, `not_found`},
		{&kv.Error{Code: kv.NotFound, Op: "get", Key: "a/b"}, `get "a/b": not_found`},
		{&kv.Error{Code: kv.Unavailable, Op: "dial", Err: io.EOF}, `dial unavailable: EOF`},
		{&kv.Error{Code: kv.Busy, Key: "x", Err: io.EOF}, `"x": busy: EOF`},
	}
	for _, c := range cases {
		if got := c.err.Error(); got != c.want {
			t.Errorf("text is %s, want %s", got, c.want)
		}
	}
}

func TestErrorIs(t *testing.T) {
	err := fmt.Errorf("load: %w", &kv.Error{Code: kv.Conflict, Op: "transaction", Key: "k", Err: io.EOF})
	if !errors.Is(err, kv.ErrConflict) || !errors.Is(err, io.EOF) {
		t.Errorf("%v is neither its code nor its cause", err)
	}
	if errors.Is(err, kv.ErrClosed) || errors.Is(err, &kv.Error{Code: kv.Conflict, Key: "other"}) {
		t.Errorf("%v is what it is not", err)
	}
	if errors.Is(kv.ErrConflict, err) { //nolint:staticcheck // the order is the point: a bare error must not match a full one
		t.Error("the bare error is a full one")
	}
}
