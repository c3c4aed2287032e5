// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/support"
	"github.com/linkspan/linkspan/trust"
)

func (a *app) techSupportCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use: "tech-support", Short: "collect what is needed to find a fault of this switch, without secrets", Args: exactly(0),
		Long: `Ask the switch of this host for an archive (tar, gzip) with its configuration and how all of it is: its
network, its Open vSwitch, its Docker, its logs. Secrets are taken out, and what looks like one. Without a
process that answers, what can be seen of the host is collected. The file errors.txt in it says what
could not be read.`,
		Example: "  linkspan tech-support\n  linkspan tech-support --file - > edge1.tar.gz",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if file == "-" {
				return a.collect(cmd.Context(), a.out)
			}
			if file == "" {
				file = supportFile(time.Now())
			}
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			if err := errors.Join(a.collect(cmd.Context(), f), f.Close()); err != nil {
				return errors.Join(err, os.Remove(file))
			}
			fmt.Fprintln(a.out, file)
			return nil
		},
	}
	c.Flags().StringVar(&file, "file", "", "write the archive to this `file`, which is not there yet, or - for standard output (default: one in this folder, named by host and time)")
	return c
}

func supportFile(now time.Time) string {
	host, err := os.Hostname()
	if err != nil {
		host = "switch"
	}
	return fmt.Sprintf("linkspan-%s-%s.tar.gz", host, now.UTC().Format("20060102-150405"))
}

// collect writes the archive of the process, or of the host alone if there is none.
func (a *app) collect(ctx context.Context, w io.Writer) error {
	client, err := a.switchClient(ctx, "cli")
	if a.far.name != "" {
		if err == nil {
			defer client.Close()
			_, err = receive(ctx, client, w)
		}
		return api.FromRPC(err)
	}
	if err != nil && linkspan.CodeOf(err) != linkspan.Unavailable {
		return err
	}
	if err == nil {
		defer client.Close()
		var begun bool
		begun, err = receive(ctx, client, w)
		if err == nil || begun || linkspan.CodeOf(api.FromRPC(err)) != linkspan.Unavailable {
			return err
		}
	}
	fmt.Fprintf(a.err, "the host alone is looked at: %v\n", api.FromRPC(err))
	return support.Write(ctx, w, support.Options{
		Now: time.Now(), Secrets: []string{os.Getenv(trust.TokenVariable)}, Folder: "linkspan-host",
		Sources: support.Host(support.HostOptions{Units: switchUnits(), State: []string{"/var/lib/linkspan"}}),
	})
}

// receive writes what the process sends, and says whether anything came.
func receive(ctx context.Context, client *api.Client, w io.Writer) (begun bool, err error) {
	stream, err := client.Support.Collect(ctx, connect.NewRequest(&apiv1.SupportServiceCollectRequest{}))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	for stream.Receive() {
		begun = true
		if _, err := w.Write(stream.Msg().GetPart()); err != nil {
			return begun, err
		}
	}
	return begun, stream.Err()
}
