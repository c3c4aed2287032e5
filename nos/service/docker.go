// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/rpc"
)

// The labels of containers that are services.
const (
	NameLabel  = "linkspan.service"       // its name
	ShellLabel = "linkspan.service.shell" // program that attach starts, with arguments apart by spaces; /bin/sh if there is none
)

// Docker finds services in a Docker engine. Nothing is kept between calls.
type Docker struct{ Address string } // as unix:///run/docker.sock; empty: there is no Docker

var _ rpc.Attacher = Docker{}

// list returns the containers that are services, running or not, sorted by name.
func (d Docker) list(ctx context.Context) (*client.Client, []container.Summary, error) {
	if d.Address == "" {
		return nil, nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "there is no Docker on this switch"}
	}
	c, err := client.New(client.WithHost(d.Address))
	if err != nil {
		return nil, nil, fmt.Errorf("docker at %s: %w", d.Address, err)
	}
	r, err := c.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", NameLabel)})
	if err != nil {
		_ = c.Close() // it has no connection that matters
		return nil, nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "Docker does not answer", Err: err}
	}
	slices.SortFunc(r.Items, func(a, b container.Summary) int { return strings.Compare(a.Labels[NameLabel], b.Labels[NameLabel]) })
	return c, r.Items, nil
}

// Services returns the names of the services that run, in order; none if Docker does not answer.
func (d Docker) Services(ctx context.Context) []string {
	c, all, err := d.list(ctx)
	if err != nil {
		return nil
	}
	defer c.Close() //nolint:errcheck // it only read
	var names []string
	for _, one := range all {
		if one.State == container.StateRunning {
			names = append(names, one.Labels[NameLabel])
		}
	}
	return names
}

// Attach implements rpc.Attacher.
func (d Docker) Attach(ctx context.Context, service string, t rpc.Terminal) error {
	c, all, err := d.list(ctx)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // what it carried has ended
	i := slices.IndexFunc(all, func(one container.Summary) bool {
		return one.Labels[NameLabel] == service && one.State == container.StateRunning
	})
	if i < 0 {
		return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("no service %q runs on this switch", service), Hint: "show services"}
	}
	program := strings.Fields(all[i].Labels[ShellLabel])
	if len(program) == 0 {
		program = []string{"/bin/sh"}
	}
	size := <-t.Sizes
	first := client.ConsoleSize{Height: uint(size.Rows), Width: uint(size.Columns)}
	made, err := c.ExecCreate(ctx, all[i].ID, client.ExecCreateOptions{
		TTY: true, ConsoleSize: first, AttachStdin: true, AttachStdout: true, AttachStderr: true, Cmd: program, Env: []string{"TERM=xterm"},
	})
	if err != nil {
		return fmt.Errorf("open a terminal in %s: %w", service, err)
	}
	attached, err := c.ExecAttach(ctx, made.ID, client.ExecAttachOptions{TTY: true, ConsoleSize: first})
	if err != nil {
		return fmt.Errorf("open a terminal in %s: %w", service, err)
	}
	return d.carry(ctx, c, made.ID, attached.HijackedResponse, t)
}

// carry carries what is typed and shown until the program ends or nobody sits there any more.
func (Docker) carry(ctx context.Context, c *client.Client, id string, h client.HijackedResponse, t rpc.Terminal) error {
	defer h.Close()
	defer context.AfterFunc(ctx, h.Close)()
	typed := make(chan struct{})
	go func() {
		defer close(typed)
		_, _ = io.Copy(h.Conn, t.In) // how it ends is told by what is shown
		h.Close()                    // nobody types any more: the terminal hangs up
	}()
	sized := make(chan struct{})
	go func() {
		defer close(sized)
		for s := range t.Sizes {
			_, _ = c.ExecResize(ctx, id, client.ExecResizeOptions{Height: uint(s.Rows), Width: uint(s.Columns)}) // the old size does, too
		}
	}()
	_, err := io.Copy(t.Out, h.Reader)
	select {
	case <-typed: // it was hung up
		err = nil
	default:
	}
	// Both goroutines end with the call that t belongs to.
	return err
}
