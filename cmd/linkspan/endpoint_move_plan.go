// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// planMove prints what would be done; a move that is forbidden is an error.
func (a *app) planMove(cmd *cobra.Command, client *api.Client, w *apiv1.MoveWish) error {
	r, err := client.Moves.Plan(cmd.Context(), connect.NewRequest(&apiv1.MoveServicePlanRequest{Wish: w}))
	if err != nil {
		return err
	}
	p := r.Msg.GetPlan()
	if _, err := io.WriteString(a.out, planText(p)); err != nil {
		return err
	}
	if len(p.GetObstacles()) > 0 {
		return &linkspan.Error{Code: linkspan.Invalid, Message: p.GetContainer() + " cannot be moved to " + p.GetTo()}
	}
	return nil
}

func planText(p *apiv1.MovePlan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "container %s: %s -> %s\n", p.GetContainer(), p.GetFrom(), p.GetTo())
	if p.GetImageId() != "" {
		how := size(p.GetImageSize()) + " to carry"
		if p.GetImageThere() {
			how = "is on " + p.GetTo()
		}
		fmt.Fprintf(&b, "image %s: %s\n", cmp.Or(p.GetImage(), p.GetImageId()), how)
	}
	for _, n := range p.GetAddresses() {
		parts := []string{cmp.Or(n.GetAddress(), "another address")}
		for _, more := range []string{n.GetAddress6(), n.GetMac()} {
			if more != "" {
				parts = append(parts, more)
			}
		}
		fmt.Fprintf(&b, "network %s: %s\n", n.GetNetwork(), strings.Join(parts, " "))
	}
	for _, n := range p.GetNotes() {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	for _, o := range p.GetObstacles() {
		fmt.Fprintf(&b, "forbidden: %s\n", o)
	}
	return b.String()
}
