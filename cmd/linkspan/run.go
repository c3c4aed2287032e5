// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// The exit statuses.
const (
	exitDone   = 0
	exitFailed = 1 // refused or failed
	exitUsage  = 2 // wrong usage
)

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

// status is the exit status of a command that ran another.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// run is the whole program, for main and for tests.
func run(ctx context.Context, args []string, s streams) int {
	root := newRoot(s)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return report(s.err, cmd, err)
}

// report prints what went wrong and what to do next, and maps it to the exit
// status, in this one place.
func report(w io.Writer, cmd *cobra.Command, err error) int {
	var passed status
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &passed):
		return int(passed)
	case errors.As(err, &usage):
		fmt.Fprintf(w, "linkspan: %v\n%s --help shows how it is used.\n", err, cmd.CommandPath())
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitFailed
	}
	err = api.FromRPC(err)
	fmt.Fprintf(w, "linkspan: %v\n", err)
	if hint := linkspan.HintOf(err); hint != "" {
		fmt.Fprintf(w, "  %s\n", hint)
	}
	return exitFailed
}

// exactly and atLeast are cobra's checks, that of needed flags, and that of the
// forms of printing, with usage errors.
func exactly(n int) cobra.PositionalArgs { return usageArgs(cobra.ExactArgs(n)) }
func atLeast(n int) cobra.PositionalArgs { return usageArgs(cobra.MinimumNArgs(n)) }

func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			err = cmd.ValidateRequiredFlags()
		}
		if err == nil {
			err = output.OneForm(cmd.Flags())
		}
		if err != nil {
			return usageError{err}
		}
		return nil
	}
}
