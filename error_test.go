// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestCodesHaveNames(t *testing.T) {
	seen := make(map[string]bool)
	for c := linkspan.Internal; c <= linkspan.InUse; c++ {
		name := c.String()
		if name == "" || seen[name] || linkspan.ParseCode(name) != c {
			t.Errorf("code %d is named %q and read back as %d", c, name, linkspan.ParseCode(name))
		}
		seen[name] = true
	}
	if got := linkspan.Code(200).String(); got != "internal" {
		t.Errorf("unknown code: got %s", got)
	}
	if got := linkspan.ParseCode("nonsense"); got != linkspan.Internal {
		t.Errorf("unknown name: got %s", got)
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("disk on fire")
	for want, e := range map[string]*linkspan.Error{
		"create network web: it exists: disk on fire": {Op: "create network web", Message: "it exists", Err: cause},
		"it exists":          {Code: linkspan.Exists, Message: "it exists", Hint: "choose another"},
		"read: disk on fire": {Op: "read", Err: cause},
		"in_use":             {Code: linkspan.InUse},
		"internal":           {},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestCodeAndHintThroughAChain(t *testing.T) {
	inner := &linkspan.Error{Code: linkspan.NotFound, Hint: "look elsewhere", Err: fs.ErrNotExist}
	outer := &linkspan.Error{Code: linkspan.Unavailable, Err: fmt.Errorf("two: %w", inner)}
	deepest := fmt.Errorf("one: %w", outer)
	for _, c := range []struct {
		err  error
		code linkspan.Code
		hint string
	}{
		{nil, linkspan.Internal, ""},
		{errors.New("plain"), linkspan.Internal, ""},
		{inner, linkspan.NotFound, "look elsewhere"},
		{outer, linkspan.Unavailable, "look elsewhere"},
		{deepest, linkspan.Unavailable, "look elsewhere"},
		{&linkspan.Error{Code: linkspan.Invalid}, linkspan.Invalid, ""},
		{&linkspan.Error{Hint: "first", Err: inner}, linkspan.Internal, "first"},
		{errors.Join(errors.New("plain"), inner), linkspan.NotFound, "look elsewhere"},
	} {
		if got := linkspan.CodeOf(c.err); got != c.code {
			t.Errorf("%v: code %s, want %s", c.err, got, c.code)
		}
		if got := linkspan.HintOf(c.err); got != c.hint {
			t.Errorf("%v: hint %q, want %q", c.err, got, c.hint)
		}
	}
	if !errors.Is(deepest, fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
}
