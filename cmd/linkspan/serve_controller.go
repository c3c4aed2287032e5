// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/store/kv/etcd"
	"github.com/linkspan/linkspan/trust"
)

// controllerRole is linkspan serve controller: its settings, and what it runs.
type controllerRole struct {
	stateDir      string
	socket        string
	listen        string
	advertise     []string
	openflow      string
	openflowPlain string
	profile       string
	more          func(context.Context) []*apiv1.Check // of the other role of this process
	beside        func(http.Handler) http.Handler      // adds what the other role serves locally; nil: nothing
	flowLog       string
	revocations   *trust.Revocations // that another role of this process heeds, too; may be nil
	out           io.Writer          // of the process
	log           *slog.Logger
	observed
}

func (c *controllerRole) addFlags(f *pflag.FlagSet) {
	f.StringVar(&c.stateDir, "state-dir", "/var/lib/linkspan/controller", "keep state in this `folder`")
	f.StringVar(&c.listen, "listen", ":7443", "serve the API at this `address`")
	f.StringArrayVar(&c.advertise, "advertise", nil, "`address` where switches reach the API, put into join tokens; may be repeated (default: this host's)")
	f.StringVar(&c.openflow, "openflow", ":6653", "take foreign OpenFlow switches at this `address`, with TLS; empty: none")
	f.StringVar(&c.openflowPlain, "openflow-plain", "", "take OpenFlow without TLS at this loopback `address`; for measuring only")
	f.StringVar(&c.flowLog, "flow-log", "", "write who talked to whom, how much, and who was denied to this `file` as lines of JSON, or - for standard output; empty: do not")
	f.StringVar(&c.profile, "pprof", "", "serve profiles at this loopback `address`; for measuring only")
}

func (a *app) serveController() *cobra.Command {
	var role controllerRole
	var logs logging
	page := newObserving()
	c := &cobra.Command{
		Use: "controller", Short: "run a controller", Args: exactly(0),
		Long: `Run a controller: it holds the networks and endpoints, decides who may talk to whom
and plugs the routes. Its store (etcd) runs inside. Settings also come from
` + configFile + ` (section controller) and LINKSPAN_CONTROLLER_*.`,
		Example: "  linkspan serve controller\n  linkspan serve controller --advertise ctl.example.org",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := settle(cmd, "controller"); err != nil {
				return err
			}
			if role.log, err = logs.logger(a.err); err != nil {
				return err
			}
			role.socket, role.out, role.observed = a.target.serving(), a.out, page.role("controller")
			return page.during(cmd.Context(), role.log, func(ctx context.Context) error {
				return role.run(ctx, func() { isReady(role.log, "socket", role.socket, "api", role.listen) })
			})
		},
	}
	c.Flags().String("config", configFile, "read settings from this `file`")
	role.addFlags(c.Flags())
	page.addFlags(c.Flags(), controllerPage)
	logs.addFlags(c.Flags())
	return c
}

// run runs the role until ctx ends; it calls ready once its API answers.
func (c *controllerRole) run(ctx context.Context, ready func()) (err error) {
	if c.stateDir, err = filepath.Abs(c.stateDir); err != nil {
		return err
	}
	if err := os.MkdirAll(c.stateDir, 0o700); err != nil {
		return err
	}
	if c.advertise, err = advertised(c.advertise, c.listen); err != nil {
		return err
	}
	keys, err := c.openKeys()
	if err != nil {
		return err
	}
	c.log.Info("starting the store", "dir", c.stateDir)
	db, err := etcd.Embed(ctx, etcd.ServerConfig{Dir: filepath.Join(c.stateDir, "etcd"), Log: c.log}.Default())
	if err != nil {
		return fmt.Errorf("start the store: %w", err)
	}
	err = c.serve(ctx, keys, db, db.Failed(), ready)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, db.Close())
}

// keys are the controller's CA and own certificate.
type keys struct {
	ca  *trust.CA
	tls trust.TLS
}

// openKeys opens the CA, made at the first start, and certifies this controller
// unless its certificate is good for a while.
func (c *controllerRole) openKeys() (keys, error) {
	ca, err := trust.OpenCA(filepath.Join(c.stateDir, "ca"), trust.CAConfig{})
	if err != nil {
		return keys{}, err
	}
	keeper, err := trust.OpenKeeper(filepath.Join(c.stateDir, "controller.pem"))
	if err != nil {
		return keys{}, err
	}
	if c.revocations == nil {
		c.revocations = new(trust.Revocations)
	}
	k := keys{ca: ca, tls: trust.TLS{Keeper: keeper, Revocations: c.revocations}}
	if own := keeper.KeyPair(); own != nil && !trust.NeedsRenewal(own.Certificate(), time.Now()) {
		return k, nil
	}
	name, err := os.Hostname()
	if err != nil {
		return keys{}, err
	}
	request, err := trust.NewRequest()
	if err != nil {
		return keys{}, err
	}
	name, _, _ = strings.Cut(name, ".")
	chain, err := ca.Issue(request.CSR(), trust.Identity{Kind: trust.KindController, Name: name})
	if err != nil {
		return keys{}, err
	}
	pair, err := request.Complete(chain, ca.Fingerprint(), time.Now())
	if err != nil {
		return keys{}, err
	}
	return k, keeper.Replace(pair)
}

// renew certifies this controller anew when its time has come.
func (k keys) renew(ctx context.Context, log *slog.Logger) {
	k.tls.Keeper.Run(ctx, func(_ context.Context, csr []byte) ([]byte, error) {
		return k.ca.Renew(csr, k.tls.Keeper.KeyPair().Certificate())
	}, log)
}

// advertised returns host:port of each address, or of this host's own towards
// others when none is given.
func advertised(given []string, listen string) ([]string, error) {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, usageError{fmt.Errorf("--listen: %w", err)}
	}
	if len(given) == 0 {
		host, err := ownAddress()
		if err != nil {
			return nil, err
		}
		given = []string{host}
	}
	out := make([]string, len(given))
	for i, address := range given {
		if _, _, err := net.SplitHostPort(address); err != nil {
			address = net.JoinHostPort(strings.Trim(address, "[]"), port)
		}
		out[i] = address
	}
	return out, nil
}

// ownAddress returns this host's first address that is not loopback or
// link-local; the loopback address on a host without any.
func ownAddress() (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			return n.IP.String(), nil
		}
	}
	return "127.0.0.1", nil
}
