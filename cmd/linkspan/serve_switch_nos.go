// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan/lab/process"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/apply"
	"github.com/linkspan/linkspan/nos/auditing"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/service"
	"github.com/linkspan/linkspan/trust/audit"
)

// nosSettings are the settings of the switch's own configuration.
type nosSettings struct {
	dir  string // of revisions; empty: beside the switch's state
	root string // of the host's files
	ssh  string // where shells are served; none: they are not
	api  string // where the API is served by TLS; none: it is not

	volumes      string   // of services in containers
	sockets      string   // of the same
	capabilities []string // that they may have
}

func (n *nosSettings) addFlags(f *pflag.FlagSet) {
	f.StringVar(&n.dir, "config-dir", "", "keep the revisions of the switch's configuration in this `folder` (default: config in --switch-dir)")
	f.StringVar(&n.ssh, "ssh", ":2222", "serve the switch's shell by SSH at this `address`, once the configuration has users; without a host, at the management addresses that are configured, else at all; or none")
	f.StringVar(&n.api, "api", ":8443", "serve the API of the switch's configuration and operation by TLS at this `address`, as with --ssh; or none")
	f.StringVar(&n.volumes, "service-volumes", "", "keep what services in containers keep in this `folder` (default: volumes beside --switch-dir)")
	f.StringVar(&n.sockets, "service-sockets", "/run/linkspan/composites", "serve the call interfaces of composites in this `folder`")
	f.StringSliceVar(&n.capabilities, "service-capabilities", service.DefaultPolicy().Capabilities, "`capabilities` (capabilities(7)) that services in containers may have")
	f.StringVar(&n.root, "system-root", "/", "`folder` with the host's etc, where names, time and logging are set")
}

// nos is the switch's own configuration while the role runs: what keeps it, what
// applies it, and what runs with it. It needs no controller and no network.
type nos struct {
	role    *switchRole
	disk    *config.Directory
	manager *config.Manager
	audit   *audit.Log
	guard   *access.Guard
	api     *http.ServeMux // services about the configuration; see nosServices
	inside  *rpc.Inside    // for those who log in by SSH
	// forKnown has the same for requests with their caller.
	forKnown http.Handler
	keys     remoteKeys
	archives chan struct{} // held by who writes one for support
	started  time.Time
	parts
}

// openNOS reads the revisions and makes what applies them. The host is not touched.
func (s *switchRole) openNOS() (n *nos, err error) {
	n = &nos{role: s, api: http.NewServeMux(), started: time.Now(), archives: make(chan struct{}, 1)}
	dir := s.settings.dir
	if dir == "" {
		dir = filepath.Join(s.stateDir, "config")
	}
	boot, err := process.Find(1)
	if err != nil {
		return nil, fmt.Errorf("when this host has started: %w", err)
	}
	base, err := schema.Base()
	if err != nil {
		return nil, err
	}
	if n.disk, err = config.OpenDirectory(dir); err != nil {
		return nil, err
	}
	if n.audit, err = s.openAudit(); err == nil {
		err = n.makeParts()
	}
	if err == nil {
		n.manager, err = config.Open(config.Options{
			Disk: n.disk, Host: apply.Of(n.inOrder()...), Schema: base, Log: s.log,
			BootID: fmt.Sprintf("%s %d", boot.Boot, boot.Start), Committed: auditing.Committed(n.audit, s.log),
		})
	}
	if err == nil {
		if err := auditing.Missed(n.audit, n.audit.Dir(), n.manager.History()); err != nil {
			s.log.Error("what came to run without a record is not in the audit log", "error", err)
		}
		n.guard = access.NewGuard(access.Options{Running: n.manager.Running})
		err = n.serveConfiguration()
	}
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

func (n *nos) close() error { return errors.Join(n.closeParts(), n.closeAudit(), n.disk.Close()) }

// boot makes the host as the last confirmed revision says. What could not be done is
// logged, and tried again by run: nothing that the configuration lacks keeps the
// switch from starting.
func (n *nos) boot(ctx context.Context) (complete bool) {
	if err := n.manager.Boot(ctx); err != nil {
		n.role.log.Warn("not all of the configuration is applied", "error", err)
	}
	if err := n.manager.Fault(); err != nil {
		return false
	}
	n.role.log.Info("configuration", "revision", n.manager.Number())
	return true
}

// run runs what goes with the configuration until ctx ends.
func (n *nos) run(ctx context.Context, complete bool) error {
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error { return n.manager.Run(ctx) })
	running.Go(func() error { return n.inside.Run(ctx) })
	running.Go(func() error { return n.serveSSH(ctx) })
	running.Go(func() error { return n.serveHTTPS(ctx) })
	for _, part := range n.running() {
		running.Go(func() error { return part(ctx) })
	}
	if !complete {
		running.Go(func() error { n.again(ctx); return nil })
	}
	return running.Wait()
}

// How long it is waited until what could not be applied at the start is tried again: a
// device may come, or Open vSwitch.
const (
	firstAgain = time.Second
	lastAgain  = 30 * time.Second
)

// again applies the configuration until all of it is.
func (n *nos) again(ctx context.Context) {
	for wait := firstAgain; ; wait = min(2*wait, lastAgain) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		err := n.manager.Reapply(ctx)
		if err == nil {
			n.role.log.Info("all of the configuration is applied", "revision", n.manager.Number())
			return
		}
		n.role.log.Debug("not all of the configuration is applied yet", slog.Any("error", err))
	}
}
