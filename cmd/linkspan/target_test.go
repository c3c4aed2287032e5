// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/linkspan/linkspan"
)

// aimed is the target of a command line in this environment.
func aimed(t *testing.T, args ...string) *target {
	t.Helper()
	var to target
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	to.addFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &to
}

func TestTargetIsTheNamedSocket(t *testing.T) {
	t.Setenv("LINKSPAN_SOCKET", "/of/environment.sock")
	t.Setenv("LINKSPAN_LAB", "nolab")
	for want, args := range map[string][]string{
		"/of/environment.sock": nil, "/of/flag.sock": {"--socket", "/of/flag.sock"},
	} {
		if got, err := aimed(t, args...).path(); err != nil || got != want {
			t.Errorf("%v: got %s, %v, want %s", args, got, err, want)
		}
		if got := aimed(t, args...).serving(); got != want {
			t.Errorf("%v: a role serves at %s, want %s", args, got, want)
		}
	}
}

func TestTargetIsTheNamedLab(t *testing.T) {
	t.Setenv("LINKSPAN_SOCKET", "")
	t.Setenv("LINKSPAN_LAB", "no-such-lab-here")
	_, err := aimed(t).path()
	if err == nil || linkspan.CodeOf(err) != linkspan.NotFound || !strings.Contains(linkspan.HintOf(err), "no-such-lab-here") {
		t.Errorf("got %v", err)
	}
	if _, err := aimed(t, "--lab", "../x").path(); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("got %v", err)
	}
	if got := aimed(t).serving(); got != localSocket {
		t.Errorf("a role serves at %s", got)
	}
}

func TestNobodyToSpeakTo(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		_, err := onlyLab(dir)
		if linkspan.CodeOf(err) != linkspan.Unavailable || err == nil || !strings.Contains(linkspan.HintOf(err), "linkspan serve") {
			t.Errorf("got %v, hint %q", err, linkspan.HintOf(err))
		}
	}
	typeIn(t, "network", "ls", "--socket", filepath.Join(t.TempDir(), "none.sock")).wants(t, exitFailed, "linkspan: ")
}
