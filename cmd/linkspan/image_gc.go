// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"math"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// graceDefault is how long what nothing needs is left, as it may belong to a push.
const graceDefault = time.Hour

func (a *app) imageGc(t *registryTarget) *cobra.Command {
	var quiet bool
	grace := graceDefault
	req := &apiv1.RegistryServiceCollectRequest{}
	c := &cobra.Command{
		Use: "gc", Short: "free the space of what no image needs", Args: exactly(0),
		Long: `Remove the layers that no image needs any more, and pushes that never ended. Pulls go on
meanwhile, and pushes wait. Images without a tag stay, as they are pulled by digest, unless --untagged is given; what
refers to an image that stays, such as its signature, stays with it. What is younger than --grace may
belong to a push that has not ended, and is left.`,
		Example: "  linkspan image gc --dry-run\n  linkspan image gc --untagged --grace 24h",
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			if grace < 0 || grace.Seconds() > math.MaxUint32 {
				return usageError{errors.New("--grace must not be below 0, or above 100 years")}
			}
			req.Grace = uint32(grace.Seconds())
			stream, err := client.Registry.Collect(cmd.Context(), connect.NewRequest(req))
			if err != nil {
				return err
			}
			defer func() { _ = stream.Close() }()
			return a.collected(stream, newProgress(a.err, quiet))
		}),
	}
	c.Flags().BoolVar(&req.DryRun, "dry-run", false, "say what would be removed, and remove nothing")
	c.Flags().BoolVar(&req.Untagged, "untagged", false, "remove images, too, that no tag leads to")
	c.Flags().DurationVar(&grace, "grace", grace, "leave what is younger than `this`")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "do not show how far it is")
	return c
}

// collected shows how far a collection is, and what it came to.
func (a *app) collected(stream *connect.ServerStreamForClient[apiv1.RegistryServiceCollectResponse], p *progress) error {
	for stream.Receive() {
		m := stream.Msg()
		if r := m.GetReport(); r != nil {
			p.end()
			fmt.Fprintf(a.out, "%s from %d images, %d layers and %d unfinished pushes; %d layers are needed, %d are too young to go\n",
				size(r.GetFreed()), r.GetManifests(), r.GetBlobs(), r.GetUploads(), r.GetKept(), r.GetYoung())
			continue
		}
		p.step(fmt.Sprintf("%s: %d of %d", m.GetStep(), m.GetDone(), m.GetTotal()))
	}
	p.end()
	return stream.Err()
}

// step shows how far something is.
func (p *progress) step(text string) {
	switch {
	case p.quiet:
	case p.terminal:
		p.open = true
		_, _ = fmt.Fprintf(p.out, "\r\x1b[K%s", text)
	default:
		_, _ = fmt.Fprintln(p.out, text)
	}
}
