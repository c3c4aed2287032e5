// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
)

// view is what Docker has, beside what is to be, at one moment.
type view struct {
	all          []found
	wanted, kept map[string]placed
	prepared     bool // what is kept is to come; else it has been
}

// converge makes containers as they are to be, as far as they can be now. It is called by the holder of
// turn, and again and again: what cannot be done yet is done by a later call. The error joins those
// of single composites.
func (m *Manager) converge(ctx context.Context) error {
	if err := m.there(); err != nil {
		return err
	}
	all, err := m.engine.containers(ctx)
	if err != nil {
		return err
	}
	v := view{all: all}
	v.wanted, v.kept = m.snapshot()
	_, switched, is := m.Pending()
	v.prepared = is && !switched
	errs := []error{m.sweep(ctx, &v)}
	for _, name := range sortedKeys(v.wanted) {
		if err := m.keep(ctx, &v, name); err != nil {
			errs = append(errs, fmt.Errorf("composite %s: %w", name, err))
		}
	}
	if v.prepared {
		for _, name := range sortedKeys(v.kept) {
			if err := m.prepare(ctx, &v, v.kept[name]); err != nil {
				errs = append(errs, fmt.Errorf("composite %s: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// sweep removes the containers that nobody wants, and stops those of composites that go.
func (m *Manager) sweep(ctx context.Context, v *view) error {
	var errs []error
	m.closeOthers(v)
	var left []found
	for _, f := range v.all {
		w, k := v.wanted[f.composite], v.kept[f.composite]
		if has(w, f) || has(k, f) {
			if _, runs := v.wanted[f.composite]; !runs && f.running && !v.prepared {
				errs = append(errs, m.halt(ctx, k, f))
			}
			left = append(left, f)
			continue
		}
		m.options.Log.InfoContext(ctx, "container of a service is removed", slog.String("composite", f.composite), slog.String("service", f.member))
		errs = append(errs, m.drop(ctx, f))
	}
	v.all = left
	m.emptyFolders(v)
	return errors.Join(errs...)
}

// has says whether a container is of a composite.
func has(p placed, f found) bool {
	if f.member == "" {
		return f.generation != 0 && f.generation == p.Sandbox
	}
	return f.generation != 0 && p.Members[f.member] == f.generation
}

// halt stops a container that is kept, and takes the ports of a sandbox.
func (m *Manager) halt(ctx context.Context, p placed, f found) error {
	if f.member != "" {
		m.drain(ctx, f)
	}
	err := m.engine.stop(ctx, f.id)
	if f.member == "" {
		err = errors.Join(err, m.unplug(ctx, p))
	}
	return err
}

// drop removes a container with what was made for it.
func (m *Manager) drop(ctx context.Context, f found) error {
	if f.member != "" && f.running {
		m.drain(ctx, f)
		if err := m.engine.stop(ctx, f.id); err != nil {
			return err
		}
	}
	if err := m.engine.remove(ctx, f.id); err != nil {
		return err
	}
	if f.member != "" {
		return os.RemoveAll(m.folders.member(f.composite, f.member, f.generation))
	}
	return nil // its links go with its namespace; its ports, see halt and back
}

// keep makes one composite as it is to be.
func (m *Manager) keep(ctx context.Context, v *view, name string) error {
	p := v.wanted[name]
	var old placed
	if !v.prepared {
		old = v.kept[name]
	}
	c := m.open(p)
	if err := m.writeHosts(ctx, p.Spec); err != nil {
		return err
	}
	if old.Sandbox != 0 && old.Sandbox != p.Sandbox {
		if err := m.haltAll(ctx, v, old); err != nil {
			return err
		}
		old = placed{}
	}
	sandbox, err := m.keepSandbox(ctx, v, p)
	if err != nil {
		return err
	}
	sorted, err := order(p.Spec)
	if err != nil {
		return err
	}
	var errs []error
	running := map[string]found{}
	for _, s := range sorted {
		f, err := m.keepMember(ctx, v, c, p, old, s, sandbox, running)
		if err != nil {
			errs = append(errs, fmt.Errorf("service %s: %w", s, err))
		}
		if f.running {
			running[s] = f
		}
	}
	m.offer(ctx, c, p, old, v, running)
	errs = append(errs, m.haltReplaced(ctx, v, c, p, old))
	return errors.Join(errs...)
}

// haltAll stops all containers of a set before another one has its place, members first.
func (m *Manager) haltAll(ctx context.Context, v *view, old placed) error {
	for _, sandbox := range []bool{false, true} {
		for i := range v.all {
			f := &v.all[i]
			if f.running && f.composite == old.Spec.Name && has(old, *f) && (f.member == "") == sandbox {
				if err := m.halt(ctx, old, *f); err != nil {
					return err
				}
				f.running = false
			}
		}
	}
	return nil
}

// keepSandbox returns the sandbox of a composite, which runs and has its interfaces. One that has
// died is made anew, and with it go all members: they are in a namespace that nobody has any more.
func (m *Manager) keepSandbox(ctx context.Context, v *view, p placed) (found, error) {
	f, there := pick(v.all, p.Spec.Name, "", p.Sandbox)
	if there && f.running {
		return f, m.plug(ctx, p, f.id)
	}
	if there && !f.fresh {
		m.options.Log.WarnContext(ctx, "a sandbox has ended; it is made anew with all its services", slog.String("composite", p.Spec.Name))
		if err := m.clear(ctx, v, p); err != nil {
			return f, err
		}
		there = false
	}
	if !there {
		var err error
		if f, err = m.createSandbox(ctx, v, p); err != nil {
			return f, err
		}
	}
	if err := m.unplug(ctx, p); err != nil && m.options.Ports != nil {
		return f, err
	}
	if _, err := m.engine.ContainerStart(ctx, f.id, client.ContainerStartOptions{}); err != nil {
		return f, fmt.Errorf("start the sandbox: %w", docker(err))
	}
	f.running, f.fresh = true, false
	return f, m.plug(ctx, p, f.id)
}

// clear removes all containers of a composite that are of its sandbox.
func (m *Manager) clear(ctx context.Context, v *view, p placed) error {
	var left []found
	var errs []error
	for _, f := range v.all {
		if f.composite != p.Spec.Name || !has(p, f) {
			left = append(left, f)
			continue
		}
		errs = append(errs, m.engine.remove(ctx, f.id))
	}
	v.all = left
	return errors.Join(errs...)
}

func (m *Manager) createSandbox(ctx context.Context, v *view, p placed) (found, error) {
	f := found{composite: p.Spec.Name, generation: p.Sandbox, fresh: true}
	imageID, err := m.engine.sandboxImage(ctx, m.options.Program)
	if err != nil {
		return f, err
	}
	if err := m.writeHosts(ctx, p.Spec); err != nil {
		return f, err
	}
	made, err := m.engine.ContainerCreate(ctx, m.sandboxOptions(p, imageID))
	if err != nil {
		return f, fmt.Errorf("make the sandbox: %w", docker(err))
	}
	f.id = made.ID
	v.all = append(v.all, f)
	for i, a := range networksOf(p.Spec) {
		if i == 0 {
			continue // it was made in it
		}
		if _, err := m.engine.NetworkConnect(ctx, a.Network, client.NetworkConnectOptions{Container: f.id, EndpointConfig: endpoint(a)}); err != nil {
			return f, errors.Join(fmt.Errorf("network %s: %w", a.Network, docker(err)), m.engine.remove(context.WithoutCancel(ctx), f.id))
		}
	}
	return f, nil
}

// prepare makes the containers of a set that is to come.
func (m *Manager) prepare(ctx context.Context, v *view, p placed) error {
	f, there := pick(v.all, p.Spec.Name, "", p.Sandbox)
	if !there {
		var err error
		if f, err = m.createSandbox(ctx, v, p); err != nil {
			return err
		}
	}
	for _, s := range p.Spec.Services {
		if _, there := pick(v.all, p.Spec.Name, s.Name, p.Members[s.Name]); there {
			continue
		}
		if _, err := m.createMember(ctx, v, p, s, f.id); err != nil {
			return fmt.Errorf("service %s: %w", s.Name, err)
		}
	}
	return nil
}

func (m *Manager) createMember(ctx context.Context, v *view, p placed, s linkspan.CompositeMember, sandbox string) (found, error) {
	f := found{composite: p.Spec.Name, member: s.Name, generation: p.Members[s.Name], fresh: true, inside: sandbox}
	i, err := m.imageOf(ctx, s.Image)
	if err != nil {
		return f, err
	}
	if err := m.makeFolders(p.Spec, s, f.generation, i); err != nil {
		return f, err
	}
	made, err := m.engine.ContainerCreate(ctx, m.memberOptions(p.Spec, s, f.generation, sandbox, i))
	if err != nil {
		return f, docker(err)
	}
	f.id = made.ID
	v.all = append(v.all, f)
	return f, nil
}

// keepMember makes one member as it is to be, and returns its container.
func (m *Manager) keepMember(ctx context.Context, v *view, c *composite, p, old placed, name string, sandbox found, running map[string]found) (found, error) {
	s, _ := member(p.Spec, name)
	f, there := pick(v.all, p.Spec.Name, name, p.Members[name])
	if there && f.inside != sandbox.id {
		if err := m.engine.remove(ctx, f.id); err != nil {
			return f, err
		}
		there = false
	}
	if p.Stopped[name] {
		if there && f.running {
			m.drain(ctx, f)
			err := m.engine.stop(ctx, f.id)
			f.running = false
			return f, err
		}
		return found{}, nil
	}
	if !there {
		var err error
		if f, err = m.createMember(ctx, v, p, s, sandbox.id); err != nil {
			return f, err
		}
	}
	if f.running && c.sick(f.generation) {
		m.options.Log.WarnContext(ctx, "a service is not healthy; it is started anew", slog.String("service", serviceName(p.Spec.Name, name)))
		m.drain(ctx, f)
		if err := m.engine.stop(ctx, f.id); err != nil {
			return f, err
		}
		f.running, f.fresh = false, false
	}
	if f.running {
		c.runs(f)
		return f, m.listen(c, f)
	}
	if !c.mayStart(f, s, p, time.Now()) {
		return f, nil
	}
	if before, runs := pick(v.all, p.Spec.Name, name, old.Members[name]); runs && before.running && before.generation != f.generation && !s.Overlap {
		if err := m.halt(ctx, old, before); err != nil {
			return f, err
		}
		m.stopped(v, before)
	}
	return m.startMember(ctx, c, p, s, f)
}

func (m *Manager) stopped(v *view, f found) {
	for i := range v.all {
		if v.all[i].id == f.id {
			v.all[i].running = false
		}
	}
}

// startMember starts a container, whose folders may have gone with a reboot.
func (m *Manager) startMember(ctx context.Context, c *composite, p placed, s linkspan.CompositeMember, f found) (found, error) {
	if err := m.makeFolders(p.Spec, s, f.generation, m.known(ctx, s.Image)); err != nil {
		return f, err
	}
	m.emptyBus(f)
	if err := m.listen(c, f); err != nil {
		return f, err
	}
	c.starts(f, time.Now())
	if _, err := m.engine.ContainerStart(ctx, f.id, client.ContainerStartOptions{}); err != nil {
		return f, fmt.Errorf("start it: %w", docker(err))
	}
	f.running, f.fresh = true, false
	c.runs(f)
	return f, nil
}

// emptyBus removes sockets of a process that has ended, at which a new one may not listen.
func (m *Manager) emptyBus(f found) {
	bus := m.folders.bus(f.composite, f.member, f.generation)
	root, err := os.OpenRoot(bus)
	if err != nil {
		return // it is made when it is needed
	}
	defer root.Close()
	entries, _ := os.ReadDir(bus)
	for _, e := range entries {
		if e.Type()&os.ModeSocket != 0 && !strings.Contains(e.Name(), string(filepath.Separator)) {
			_ = root.Remove(e.Name()) // then the process that starts says what is wrong
		}
	}
}

// haltReplaced stops the containers of members in whose place others are, or that are no members any more.
func (m *Manager) haltReplaced(ctx context.Context, v *view, c *composite, p, old placed) error {
	var errs []error
	for _, f := range v.all {
		if f.composite != p.Spec.Name || f.member == "" || !f.running || !has(old, f) || has(p, f) || c.offered(f) {
			continue
		}
		errs = append(errs, m.halt(ctx, old, f))
	}
	return errors.Join(errs...)
}
