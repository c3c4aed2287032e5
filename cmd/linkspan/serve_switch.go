// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/gateway"
	"github.com/linkspan/linkspan/ovs/fastpath"
	"github.com/linkspan/linkspan/store/kv/bbolt"
	"github.com/linkspan/linkspan/trust"
)

// switchRole is linkspan serve switch: its settings, and what it runs.
type switchRole struct {
	stateDir      string
	socket        string // local API; empty: another role of this process has it
	controllers   []string
	joinFile      string
	name          string
	underlay      string
	site          string
	direct        string
	directNIC     string
	fastPath      string
	bridge        string
	gatewayRange  string
	gatewayRange6 string
	ovsRunDir     string
	docker        string
	plugin        string
	moves         string                      // what the controller may do with containers
	swarm         string                      // socket for the managed plugin; none: not served
	token         func() (trust.Token, error) // asked for when the host has not joined
	rejoins       bool                        // also asked for at each start: a new token lets a removed host in again
	settings      nosSettings
	logging       *nosLogging                 // what of the log is configured; nil: nothing is
	await         func(context.Context) error // called before it joins; nil: nothing is waited for
	log           *slog.Logger
	recent        *recent                   // what was logged lately; may be nil
	nos           atomic.Pointer[nos]       // while it runs
	host          atomic.Pointer[host]      // while it is in the fabric
	own           atomic.Pointer[trust.TLS] // of the fabric, whose CA says who its users are; nil: none is known yet
	serving       atomic.Bool               // Docker can use it
	lacks         atomic.Pointer[string]
	front         front
	observed
}

func (s *switchRole) addFlags(f *pflag.FlagSet) {
	f.StringVar(&s.stateDir, "switch-dir", "/var/lib/linkspan/switch", "keep the switch's state in this `folder`")
	s.settings.addFlags(f)
	f.StringArrayVar(&s.controllers, "controller", nil, "`address` of a controller, host:port; may be repeated (default: those in the token)")
	f.StringVar(&s.joinFile, "join-file", "", "join with the token in this `file`, or - for standard input (or LINKSPAN_JOIN)")
	f.StringVar(&s.name, "name", "", "`name` to join under (default: the host's)")
	f.StringVar(&s.underlay, "underlay", "", "`address` where other switches reach this host (default: the one used towards the controller)")
	f.StringVar(&s.site, "site", "", "`name` of the site this host is in, said when it joins (default: "+linkspan.DefaultSite+")")
	f.StringVar(&s.direct, "direct", "auto", "exchange packets as they are with hosts in the same layer 2, through a child of the underlay's link: auto or off (`choice`)")
	f.StringVar(&s.directNIC, "direct-nic", "", "use this `link`, which nothing else uses, for that")
	f.StringVar(&s.fastPath, "fast-path", "auto", "how packets get through a userspace Open vSwitch: auto, tso (also beside tunnels of other bridges) or none (`choice`)")
	f.StringVar(&s.gatewayRange, "gateway-range", gateway.DefaultRange().String(), "`addresses` that stand for containers in this host's stack on their way out, a /16 that the host has no route to; or off")
	f.StringVar(&s.gatewayRange6, "gateway-range6", gateway.DefaultRange6().String(), "the same of IPv6, a /112; or off")
	f.StringVar(&s.bridge, "bridge", "br-link", "`name` of the integration bridge")
	f.StringVar(&s.ovsRunDir, "ovs-run-dir", "/var/run/openvswitch", "`folder` with Open vSwitch's sockets")
	f.StringVar(&s.docker, "docker", dockerAuto, "`address` of Docker's socket, or none for a host without; auto: "+dockerSocket+", where Docker is installed")
	f.StringVar(&s.plugin, "plugin-socket", "/run/docker/plugins/linkspan.sock", "serve Docker's plugin protocol at this `file`")
	f.StringVar(&s.moves, "allow-moves", "none", "which containers the controller may take from this host and start on it (linkspan endpoint move): none, confined (those without power over the host) or all (`choice`)")
	f.StringVar(&s.swarm, "swarm-socket", swarmSocket, "serve the managed plugin of swarms at this `file`, or none")
}

func (a *app) serveSwitch() *cobra.Command {
	var role switchRole
	var logs logging
	page := newObserving()
	c := &cobra.Command{
		Use: "switch", Short: "make this host a switch of the fabric", Args: exactly(0),
		Long: `Make this host a switch of the fabric. The first time it joins with a one-time token
from linkspan switch token; after that it needs none. Settings also come from
` + configFile + ` (section switch) and LINKSPAN_SWITCH_*.`,
		Example: "  linkspan serve switch --join-file token\n  LINKSPAN_JOIN=$(cat token) linkspan serve switch",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := settle(cmd, "switch"); err != nil {
				return err
			}
			if role.log, err = logs.logger(a.err); err != nil {
				return err
			}
			role.logging, role.log = logs.beside(role.log)
			role.recent = &logs.recent
			role.socket, role.rejoins = a.target.serving(), true
			role.token = func() (trust.Token, error) {
				t, err := trust.ReadToken(trust.TokenSource{Path: role.joinFile, Stdin: a.in, Getenv: os.Getenv})
				return t, errors.Join(err, os.Unsetenv(trust.TokenVariable))
			}
			role.observed = page.role("switch")
			return page.during(cmd.Context(), role.log, func(ctx context.Context) error {
				return role.run(ctx, func() { isReady(role.log, "socket", role.socket, "plugin", role.plugin) })
			})
		},
	}
	c.Flags().String("config", configFile, "read settings from this `file`")
	role.addFlags(c.Flags())
	page.addFlags(c.Flags(), switchPage)
	logs.addFlags(c.Flags())
	return c
}

// run runs the role until ctx ends; it calls ready once Docker can use it.
func (s *switchRole) run(ctx context.Context, ready func()) (err error) {
	if err := s.checkDirect(); err != nil {
		return err
	}
	if err := fastpath.Wish(s.fastPath).Validate(); err != nil {
		return err
	}
	if err := s.checkGateway(); err != nil {
		return err
	}
	if s.site != "" {
		if err := linkspan.ValidateName("site", s.site); err != nil {
			return err
		}
	}
	if s.stateDir, err = filepath.Abs(s.stateDir); err != nil {
		return err
	}
	if err := os.MkdirAll(s.stateDir, 0o700); err != nil {
		return err
	}
	if s.name == "" {
		host, err := os.Hostname()
		if err != nil {
			return err
		}
		s.name, _, _ = strings.Cut(host, ".")
	}
	err = s.withConfiguration(ctx, func(ctx context.Context) error { return s.inFabric(ctx, ready) })
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil
	}
	return err
}

// withConfiguration applies the switch's own configuration, which needs no controller,
// and runs the rest beside it.
func (s *switchRole) withConfiguration(ctx context.Context, rest func(context.Context) error) (err error) {
	n, err := s.openNOS()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	running, ctx := errgroup.WithContext(ctx)
	s.front.role = s
	if s.socket != "" {
		local, err := listenLocal(ctx, s.socket)
		if err != nil {
			return err
		}
		running.Go(func() error { return serveHTTP(ctx, s.log, local, &s.front) })
	}
	running.Go(func() error { return s.supervise(ctx) }) // systemd need not wait for much to be applied
	complete := n.boot(ctx)
	s.nos.Store(n)
	defer s.nos.Store(nil)
	running.Go(func() error { return n.run(ctx, complete) })
	running.Go(func() error { return s.lasting(ctx, n, rest) })
	return running.Wait()
}

// inFabric joins the fabric and serves it.
func (s *switchRole) inFabric(ctx context.Context, ready func()) error {
	if s.await != nil {
		if err := s.await(ctx); err != nil {
			return err
		}
	}
	db, err := bbolt.Open(filepath.Join(s.stateDir, "state.db"))
	if err != nil {
		return err
	}
	keeper, err := trust.OpenKeeper(filepath.Join(s.stateDir, "switch.pem"))
	if err == nil {
		s.own.Store(&trust.TLS{Keeper: keeper, Revocations: new(trust.Revocations)})
		err = s.serveAnew(ctx, db, keeper, ready)
	}
	return errors.Join(err, db.Close())
}
