// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
)

// Engine is a dockerd behind its socket. It may be away, restarted or replaced
// by another version at any time. Its methods may be called concurrently.
type Engine struct {
	host string

	mu     sync.Mutex
	client *client.Client // nil: to be made
}

// NewEngine speaks to host, such as "unix:///run/docker.sock"; empty is
// Docker's usual socket. Nothing is opened yet.
func NewEngine(host string) *Engine {
	if host == "" {
		host = client.DefaultDockerHost
	}
	return &Engine{host: host}
}

// Close ends idle connections.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client == nil {
		return nil
	}
	return e.client.Close()
}

// dial returns the client; fresh asks for a new one, as a client settles on the
// API version of the dockerd it first spoke to.
func (e *Engine) dial(fresh bool) (*client.Client, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client != nil && !fresh {
		return e.client, nil
	}
	c, err := client.New(client.WithHost(e.host))
	if err != nil {
		return nil, fmt.Errorf("docker at %s: %w", e.host, err)
	}
	if e.client != nil {
		_ = e.client.Close() // ends idle connections and cannot fail
	}
	e.client = c
	return c, nil
}

// scopeSwarm is the scope of networks that a swarm's managers made.
const scopeSwarm = "swarm"

// Networks implements [Docker]. The list holds all that is needed; inspecting
// each would wait for dockerd's locks.
func (e *Engine) Networks(ctx context.Context) ([]Network, error) {
	c, err := e.dial(false)
	if err != nil {
		return nil, err
	}
	list, err := c.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return nil, dockerError("list networks", err)
	}
	networks := make([]Network, 0, len(list.Items))
	for _, item := range list.Items {
		swarm := item.Scope == scopeSwarm
		if !swarm && !slices.Contains(drivers(), item.Driver) || item.ConfigOnly {
			continue
		}
		networks = append(networks, Network{
			ID: item.ID, Name: item.Name, Driver: item.Driver, Swarm: swarm, Created: item.Created, Labels: item.Labels,
		})
	}
	return networks, nil
}

// Named implements [Docker].
func (e *Engine) Named(ctx context.Context, name string) (driver string, found bool, err error) {
	c, err := e.dial(false)
	if err != nil {
		return "", false, err
	}
	result, err := c.NetworkInspect(ctx, name, client.NetworkInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return "", false, nil
	case err != nil:
		return "", false, dockerError("inspect network "+name, err)
	}
	// dockerd also finds a network whose id begins with the name.
	return result.Network.Driver, result.Network.Name == name, nil
}

// Has says whether dockerd knows a network, by its id.
func (e *Engine) Has(ctx context.Context, id string) (bool, error) {
	c, err := e.dial(false)
	if err != nil {
		return false, err
	}
	_, err = c.NetworkInspect(ctx, id, client.NetworkInspectOptions{})
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, dockerError("inspect network "+id, err)
}

// Create implements [Docker].
func (e *Engine) Create(ctx context.Context, n linkspan.Network) (string, error) {
	c, err := e.dial(false)
	if err != nil {
		return "", err
	}
	result, err := c.NetworkCreate(ctx, n.Name, createOptions(n))
	return result.ID, dockerError("create network "+n.Name, err)
}

func createOptions(n linkspan.Network) client.NetworkCreateOptions {
	config := []network.IPAMConfig{{Subnet: n.Subnet, IPRange: n.Range, Gateway: n.Gateway, AuxAddress: auxIn(n, n.Subnet)}}
	if n.Dual() {
		config = append(config, network.IPAMConfig{Subnet: n.Subnet6, IPRange: n.Range6, Gateway: n.Gateway6, AuxAddress: auxIn(n, n.Subnet6)})
	}
	options := client.NetworkCreateOptions{
		Driver:   inDocker(n.Driver),
		Internal: n.Internal,
		Labels:   dockerLabels(n),
		Options:  dockerOptions(n),
		IPAM:     &network.IPAM{Driver: Driver, Config: config},
	}
	if dual := n.Dual(); dual {
		options.EnableIPv6 = &dual
	}
	return options
}

// auxIn returns the auxiliary addresses of a subnet.
func auxIn(n linkspan.Network, subnet netip.Prefix) map[string]netip.Addr {
	var in map[string]netip.Addr
	for name, a := range n.Aux {
		if !subnet.Contains(a) {
			continue
		}
		if in == nil {
			in = make(map[string]netip.Addr)
		}
		in[name] = a
	}
	return in
}

// Remove implements [Docker].
func (e *Engine) Remove(ctx context.Context, id string) error {
	c, err := e.dial(false)
	if err != nil {
		return err
	}
	_, err = c.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	return dockerError("remove network", err)
}

// Containers implements [Docker]. dockerd answers from a copy, so that it does
// not wait for a container that is just starting.
func (e *Engine) Containers(ctx context.Context) ([]Container, error) {
	c, err := e.dial(false)
	if err != nil {
		return nil, err
	}
	list, err := c.ContainerList(ctx, client.ContainerListOptions{})
	if err != nil {
		return nil, dockerError("list containers", err)
	}
	containers := make([]Container, 0, len(list.Items))
	for _, item := range list.Items {
		one := Container{ID: item.ID, Name: ownName(item.Names), Labels: item.Labels}
		if item.NetworkSettings != nil {
			for _, settings := range item.NetworkSettings.Networks {
				one.Endpoints = append(one.Endpoints, settings.EndpointID)
			}
		}
		containers = append(containers, one)
	}
	return containers, nil
}

// ownName picks the container's own name; the others are links, with two
// slashes.
func ownName(names []string) string {
	for _, name := range names {
		if own := strings.TrimPrefix(name, "/"); !strings.Contains(own, "/") {
			return own
		}
	}
	return ""
}

// Events implements [Docker].
func (e *Engine) Events(ctx context.Context, wake func()) error {
	c, err := e.dial(true)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream := c.Events(ctx, client.EventsListOptions{Filters: make(client.Filters).
		Add("type", "network", "container").
		Add("event", "create", "destroy", "remove", "connect", "start", "rename")})
	select {
	case err := <-stream.Err:
		return dockerError("follow events", err)
	default:
		wake()
	}
	for {
		select {
		case m := <-stream.Messages:
			if concerns(m) {
				wake()
			}
		case err := <-stream.Err:
			return dockerError("follow events", err)
		}
	}
}

// concerns says whether an event may change what the lists show of networks,
// or of containers that run: a container has endpoints only while it does, and
// when those go the driver is told.
func concerns(m events.Message) bool {
	return m.Type != events.ContainerEventType || m.Action == events.ActionStart || m.Action == events.ActionRename
}

// dockerError gives an error of dockerd's a code; nil stays nil.
func dockerError(op string, err error) error {
	if err == nil {
		return nil
	}
	code := linkspan.Internal
	switch {
	case errdefs.IsNotFound(err):
		code = linkspan.NotFound
	case errdefs.IsPermissionDenied(err), errdefs.IsConflict(err), errdefs.IsFailedPrecondition(err):
		code = linkspan.InUse
	case errdefs.IsInvalidArgument(err):
		code = linkspan.Invalid
	case client.IsErrConnectionFailed(err), errdefs.IsUnavailable(err),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		code = linkspan.Unavailable
	}
	return &linkspan.Error{Code: code, Op: "docker " + op, Err: err}
}

// Client returns the client of dockerd, for what the mirror has no part in. It
// is the engine's: nobody else closes it.
func (e *Engine) Client() (*client.Client, error) { return e.dial(false) }
