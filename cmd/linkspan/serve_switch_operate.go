// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/service"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/show/kernel"
)

// serveOperation makes the handlers of what shells, the command line and programs do with
// the switch.
func (n *nos) serveOperation() error {
	shows, err := show.NewCatalogue(n.shows()...)
	if err != nil {
		return err
	}
	n.shown = shows
	s := rpc.New(rpc.Options{
		Manager: n.manager, Shows: shows, Again: n.guard.Again, Audit: n.audit, Attach: n.services(), Serve: service.API{Manager: n.composites}, Log: n.role.log,
	})
	inner := http.NewServeMux()
	s.Mount(inner)
	n.mountOwn(inner)
	n.inside, n.forKnown = rpc.NewInside(inner, n.role.log), inner
	for _, name := range rpc.Services() {
		n.api.HandleFunc("/"+name+"/", func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(w, r.WithContext(rpc.WithCaller(r.Context(), localCaller(r))))
		})
	}
	return nil
}

// localCaller is who has sent a request on the local socket, and by what means.
func localCaller(r *http.Request) rpc.Caller {
	c := rpc.Caller{User: access.Local(typist(r.Context())), How: "api"}
	if means := r.Header.Get(rpc.MeansHeader); means == "shell" || means == "cli" {
		c.How = means
	}
	return c
}

// shows is all that can be shown: each part brings its own.
func (n *nos) shows() []show.Item {
	items := []show.Item{
		{Name: "system", Help: "The switch itself", Show: n.showSystem},
		{Name: "services", Help: "Services in containers on this switch", Show: func(ctx context.Context, _ []string) (show.Report, error) { return n.composites.Report(ctx) }},
	}
	items = append(items, n.hostShows()...)
	items = append(items, rpc.Items(n.manager)...)
	items = append(items, n.ownShows()...)
	return append(items, without(kernel.Items(), n.partShows())...)
}

// partShows is what the parts that apply the configuration know.
func (n *nos) partShows() []show.Item {
	var items []show.Item
	for _, part := range n.inOrder() {
		if p, ok := part.Host.(interface{ Shows() []show.Item }); ok {
			items = append(items, p.Shows()...)
		}
	}
	return items
}

// services is where the containers of services are found.
func (n *nos) services() service.Docker {
	address, has := dockerAddress(n.role.docker, dockerInstalled)
	if !has {
		address = ""
	}
	return service.Docker{Address: address}
}

// without adds items to others, in whose place they come where they have the same name.
func without(items, instead []show.Item) []show.Item {
	var all []show.Item
	for _, item := range items {
		taken := false
		for _, other := range instead {
			taken = taken || other.Name == item.Name
		}
		if !taken {
			all = append(all, item)
		}
	}
	return append(all, instead...)
}

func (n *nos) showSystem(context.Context, []string) (show.Report, error) {
	running := n.manager.Running()
	hostname, err := os.Hostname()
	if err != nil {
		return show.Report{}, err
	}
	zone, err := running.Get("system", "time-zone")
	if err != nil {
		return show.Report{}, err
	}
	facts := []show.Fact{
		{Name: "hostname", Value: hostname}, {Name: "version", Value: version}, {Name: "time", Value: time.Now()}, {Name: "time_zone", Value: zone},
		{Name: "processors", Value: runtime.NumCPU()}, {Name: "process", Value: os.Getpid()}, {Name: "process_started", Value: n.started},
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err == nil {
		const scale = 65536 // of the load (sysinfo(2))
		facts = append(
			facts,
			show.Fact{Name: "uptime", Value: time.Duration(info.Uptime) * time.Second},
			show.Fact{Name: "load", Value: float64(info.Loads[0]*100/scale) / 100},
			show.Fact{Name: "memory_bytes", Value: uint64(info.Totalram) * uint64(info.Unit)},
			show.Fact{Name: "memory_free_bytes", Value: uint64(info.Freeram) * uint64(info.Unit)},
		)
	}
	joined := n.role.host.Load() != nil
	facts = append(facts, show.Fact{Name: "in_fabric", Value: joined})
	facts = append(facts, n.keys.facts("ssh_key", "api_key")...)
	return show.Report{Facts: append(facts, rpc.Facts(n.manager)...)}, nil
}
