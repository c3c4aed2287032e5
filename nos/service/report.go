// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/gateway"
	"github.com/linkspan/linkspan/nos/show"
)

// Status is how a member of a composite is.
type Status struct {
	Name      string // as people call it: COMPOSITE/MEMBER, or the composite where both are called the same
	Composite string
	Member    string
	Image     string
	Version   string // as its image says
	State     string // healthy, starting, unhealthy, ended, waiting, stopped
	Why       string // what its check said last
	Container string // id; empty: there is none
	Starts    int    // since it was healthy for a while, by this process
	Since     time.Time
	Services  []string // that can be called
}

// Detail is a composite with all that is known of it.
type Detail struct {
	Spec    linkspan.Composite
	Socket  string // its call interface on this host
	Members []Status
	Change  string // that is under way: who makes it and how far it is; empty: none
}

// List returns how all members are, by name.
func (m *Manager) List(ctx context.Context) []Status {
	wanted, _ := m.snapshot()
	var list []Status
	for _, name := range sortedKeys(wanted) {
		list = append(list, m.statuses(ctx, wanted[name])...)
	}
	return list
}

func (m *Manager) statuses(ctx context.Context, p placed) []Status {
	m.mu.Lock()
	c := m.live[p.Spec.Name]
	m.mu.Unlock()
	var list []Status
	for _, s := range p.Spec.Services {
		i := image{}
		if m.engine != nil {
			i = m.known(ctx, s.Image)
		}
		one := Status{Name: serviceName(p.Spec.Name, s.Name), Composite: p.Spec.Name, Member: s.Name, Image: s.Image, Version: i.manifest.Version, State: stateWaiting}
		for _, offered := range servicesOf(s, i, nil) {
			one.Services = append(one.Services, offered.Name)
		}
		if p.Stopped[s.Name] {
			one.State = stateStopped
		}
		if c != nil {
			c.fill(&one, p)
		}
		list = append(list, one)
	}
	return list
}

// fill adds what is known of a container.
func (c *composite) fill(one *Status, p placed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one.State = stateOf(c, p, one.Member)
	one.Container = c.offers[one.Member].id
	if r := c.members[p.Members[one.Member]]; r != nil {
		one.Why, one.Starts, one.Since = r.said, r.tries, r.started
		if one.State == gateway.Healthy {
			one.Since = r.well
		}
	}
}

// Inspect returns a composite. Errors: NotFound.
func (m *Manager) Inspect(ctx context.Context, name string) (Detail, error) {
	wanted, _ := m.snapshot()
	p, there := wanted[name]
	if !there {
		return Detail{}, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no composite %q on this switch", name), Hint: "linkspan service ls"}
	}
	d := Detail{Spec: p.Spec, Socket: m.Socket(name), Members: m.statuses(ctx, p)}
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.record.Change; c != nil {
		if _, of := c.Next[name]; of {
			d.Change = c.Phase + " by " + c.By
		}
	}
	return d, nil
}

// Specs returns the composites that are to run, by name.
func (m *Manager) Specs() []linkspan.Composite {
	wanted, _ := m.snapshot()
	var list []linkspan.Composite
	for _, name := range sortedKeys(wanted) {
		list = append(list, wanted[name].Spec)
	}
	return list
}

// find returns what a name means: a composite, or one member of it.
func (m *Manager) find(name string) (placed, []string, error) {
	wanted, _ := m.snapshot()
	composite, one, of := strings.Cut(name, "/")
	p, there := wanted[composite]
	if there && !of {
		return p, sortedKeys(p.Members), nil
	}
	if _, is := p.Members[one]; there && is {
		return p, []string{one}, nil
	}
	return p, nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no service %q on this switch", name), Hint: "linkspan service ls"}
}

// Stop stops a composite or one service of it, until it is started again. Errors: NotFound, Conflict (a
// change is under way).
func (m *Manager) Stop(ctx context.Context, name string) error { return m.setStopped(ctx, name, true) }

// Start starts what was stopped, and returns when it is healthy. Errors: those of Stop; Unavailable.
func (m *Manager) Start(ctx context.Context, name string) error {
	if err := m.setStopped(ctx, name, false); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, switchTime)
	defer cancel()
	return m.settle(ctx)
}

func (m *Manager) setStopped(ctx context.Context, name string, stopped bool) error {
	if err := m.there(); err != nil {
		return err
	}
	p, members, err := m.find(name)
	if err != nil {
		return err
	}
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.give()
	if by, _, under := m.Pending(); under {
		return &linkspan.Error{Code: linkspan.Conflict, Message: "a change of composites is under way (" + by + ")", Hint: "wait until it has ended"}
	}
	err = m.save(func(r *record) {
		of := r.Composites[p.Spec.Name]
		if of.Stopped == nil {
			of.Stopped = map[string]bool{}
		}
		for _, one := range members {
			if delete(of.Stopped, one); stopped {
				of.Stopped[one] = true
			}
		}
		r.Composites[p.Spec.Name] = of
	})
	if err != nil {
		return err
	}
	defer m.wakeUp()
	return m.converge(ctx)
}

// Logs writes what a member has printed: its last lines, all of them if lines is 0. Follow has it go on until ctx
// ends or the member does. Errors: NotFound.
func (m *Manager) Logs(ctx context.Context, name string, lines int, follow bool, to io.Writer) error {
	if err := m.there(); err != nil {
		return err
	}
	p, members, err := m.find(name)
	if err != nil {
		return err
	}
	if len(members) > 1 {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("composite %s has several services", name), Hint: "name one of " + p.Spec.Name + "/" + strings.Join(members, ", "+p.Spec.Name+"/")}
	}
	all, err := m.engine.containers(ctx)
	if err != nil {
		return err
	}
	f, there := pick(all, p.Spec.Name, members[0], p.Members[members[0]])
	if !there {
		return &linkspan.Error{Code: linkspan.NotFound, Message: name + " has no container", Hint: "linkspan service ls shows how it is"}
	}
	return m.engine.logs(ctx, f.id, lines, follow, to)
}

// Resolve returns a reference to an image that is here by its digest. Errors: NotFound, Unavailable.
func (m *Manager) Resolve(ctx context.Context, reference string) (string, error) {
	if err := m.there(); err != nil {
		return "", err
	}
	return m.engine.resolve(ctx, reference)
}

// Call makes a call of a service, as this switch itself: COMPOSITE/SERVICE/CALL. Errors: NotFound,
// and those of the call.
func (m *Manager) Call(ctx context.Context, name string, arguments map[string]any) ([]byte, error) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return nil, refused("%q is no COMPOSITE/SERVICE/CALL", name)
	}
	m.mu.Lock()
	c := m.live[parts[0]]
	m.mu.Unlock()
	if c == nil {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("no composite %q runs on this switch", parts[0]), Hint: "linkspan service ls"}
	}
	return c.gateway.Call(ctx, gateway.Caller{Name: "switch", Kind: gateway.KindHost, May: []string{gateway.All}}, parts[1], parts[2], arguments)
}

// Healthy returns nil if a composite, or one member of it, is healthy. Errors: NotFound, Unavailable.
func (m *Manager) Healthy(ctx context.Context, name string) error {
	p, members, err := m.find(name)
	if err != nil {
		return err
	}
	for _, s := range m.statuses(ctx, p) {
		if slices.Contains(members, s.Member) && s.State != gateway.Healthy {
			return &linkspan.Error{Code: linkspan.Unavailable, Message: s.Name + " is " + s.State, Hint: "linkspan service logs " + s.Name}
		}
	}
	return nil
}

// Report shows all services: members of composites, and containers that only have the label.
func (m *Manager) Report(ctx context.Context) (show.Report, error) {
	t := show.Table{Name: "services", Columns: []string{"service", "container", "image", "state", "status"}}
	if m.engine == nil {
		return show.Report{Tables: []show.Table{t}}, nil
	}
	for _, s := range m.List(ctx) {
		status := s.Why
		if status == "" && !s.Since.IsZero() {
			status = "since " + s.Since.Local().Format(time.DateTime)
		}
		const short = 12
		t.Rows = append(t.Rows, []any{s.Name, s.Container[:min(short, len(s.Container))], s.Image, s.State, status})
	}
	others, err := m.engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", NameLabel)})
	if err != nil {
		return show.Report{}, docker(err)
	}
	for _, one := range others.Items {
		if one.Labels[compositeLabel] == "" {
			t.Rows = append(t.Rows, []any{one.Labels[NameLabel], strings.TrimPrefix(strings.Join(one.Names, " "), "/"), one.Image, string(one.State), one.Status})
		}
	}
	slices.SortStableFunc(t.Rows, func(a, b []any) int { return strings.Compare(fmt.Sprint(a[0]), fmt.Sprint(b[0])) })
	return show.Report{Tables: []show.Table{t}}, nil
}
