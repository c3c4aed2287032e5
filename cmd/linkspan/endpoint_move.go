// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func (a *app) endpointMove() *cobra.Command {
	w := new(apiv1.MoveWish)
	var dry, quiet bool
	c := &cobra.Command{
		Use: "move CONTAINER --to SWITCH", Short: "move a container to another host, with its addresses", Args: exactly(1),
		Long: `Move a container to another host. It is made there from its own image, with all of its
configuration, and starts with the same addresses in networks that are on all hosts; then the old
one is removed. It does not run from when the old one stops until the new one starts; the image is
carried before that. What goes wrong on the way is undone: the old one runs again.

What is bound to the host (its folders, local volumes, devices, namespaces, networks of the host
alone) forbids the move; all of it is listed, and nothing is changed. Both hosts must take part in
moves: linkspan serve switch --allow-moves.

A container is named [switch/]container. Typed again while the container is being moved, the command
shows how far that is.`,
		Example:           "  linkspan endpoint move --dry-run --to h2 h1/web\n  linkspan endpoint move --to h2 h1/web\n  linkspan endpoint move --to h2 --shared /srv/nfs --leave-changes web",
		ValidArgsFunction: a.completeContainers,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			if w.To == "" {
				return usageError{errors.New("--to: name the switch to move it to")}
			}
			w.Endpoint = args[0]
			if dry {
				return a.planMove(cmd, client, w)
			}
			stream, err := client.Moves.Move(cmd.Context(), connect.NewRequest(&apiv1.MoveServiceMoveRequest{Wish: w}))
			if err != nil {
				return err
			}
			defer stream.Close()
			show := newProgress(a.err, quiet)
			for stream.Receive() {
				show.message(stream.Msg())
			}
			show.end()
			return movedErr(stream.Err())
		}),
	}
	c.Flags().StringVar(&w.To, "to", "", "move it to this `switch`")
	c.Flags().BoolVar(&dry, "dry-run", false, "show what would be done and what forbids it, and change nothing")
	c.Flags().BoolVar(&w.LeaveChanges, "leave-changes", false, "leave behind what the container wrote into its own file system")
	c.Flags().StringSliceVar(&w.Shared, "shared", nil, "this `folder` is the same on both hosts, such as one of a file server; may be repeated")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing while it goes well")
	_ = c.RegisterFlagCompletionFunc("to", a.completeSwitches) // the flag is there
	return c
}

// movedErr says what becomes of a move of which nothing is heard any more.
func movedErr(err error) error {
	if err == nil || connect.IsWireError(err) || errors.Is(err, context.Canceled) {
		return err
	}
	return &linkspan.Error{
		Code: linkspan.Unavailable, Message: "the controller is away; it finishes or undoes the move when it is back",
		Hint: "linkspan endpoint moves shows what is under way",
	}
}
