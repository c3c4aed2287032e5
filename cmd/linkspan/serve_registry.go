// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/netip"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/linkspan/linkspan/registry/server"
	"github.com/linkspan/linkspan/trust"
)

// registrySocket is where the registry of this host listens for its own root.
const registrySocket = "/run/linkspan/registry.sock"

// registryPage is where a registry serves its metrics.
const registryPage = "127.0.0.1:9445"

// registryMemory is from where on memory is rather tidied up than taken, in bytes: the sum
// with the program itself stays below 100 MB while others push.
const registryMemory = 40 << 20

// registryRole is linkspan serve registry: its settings, and what it runs.
type registryRole struct {
	data     string
	listen   string
	subnets  prefixes
	names    []string
	caDir    string
	tlsCert  string
	tlsKey   string
	clientCA string
	services []string
	reserve  bytesFlag
	announce string
	socket   string
	check    func(*x509.Certificate) error // whether a certificate is still good; nil: nobody revokes
	log      *slog.Logger
	observed
}

// addFlags adds the role's flags, each with a prefix where other roles have flags of the same name.
func (c *registryRole) addFlags(f *pflag.FlagSet, prefix string) {
	c.reserve = server.DefaultReserve
	f.StringVar(&c.data, prefix+"data", "/var/lib/linkspan/registry", "keep images and users in this `folder`")
	f.StringVar(&c.listen, prefix+"listen", ":5000", "serve images at this `address`, with TLS")
	f.Var(&c.subnets, prefix+"management-subnet", "serve clients from this `subnet` only; may be repeated (default: from everywhere)")
	f.StringArrayVar(&c.names, prefix+"name", nil, "`name` or address of this host that its certificate is good for; may be repeated (default: all it has)")
	f.StringVar(&c.caDir, prefix+"ca", "", "certify itself by the CA in this `folder`, whose switches may come (default: ca in --data, made at the first start)")
	f.StringVar(&c.tlsCert, prefix+"tls-cert", "", "serve with the certificate in this `file`, and its chain, instead of one of its own")
	f.StringVar(&c.tlsKey, prefix+"tls-key", "", "the `file` with that certificate's key")
	f.StringVar(&c.clientCA, prefix+"tls-client-ca", "", "take certificates of clients that the CA in this `file` has signed, beside its own")
	f.StringArrayVar(&c.services, prefix+"token-service", nil, "issue tokens for a registry of others that has this `name` as service; may be repeated")
	f.Var(&c.reserve, prefix+"reserve", "leave this `much` of the disk free: 64MB")
	f.StringVar(&c.announce, prefix+"announce", "", "announce this registry by multicast DNS under this `name` (default: the host's); - does not")
}

// withController has the registry know what the controller of the same process does: its
// CA's switches, and which of them were removed.
func (c *registryRole) withController(brain *controllerRole, seen observed, log *slog.Logger) {
	if brain.revocations == nil {
		brain.revocations = new(trust.Revocations)
	}
	c.check = trust.TLS{Revocations: brain.revocations}.Check
	c.caDir = firstOf(c.caDir, filepath.Join(brain.stateDir, "ca"))
	c.socket, c.observed, c.log = filepath.Join(filepath.Dir(brain.socket), filepath.Base(registrySocket)), seen, log
}

func (c *registryRole) images() string { return filepath.Join(c.data, "images") }

func (a *app) serveRegistry() *cobra.Command {
	var role registryRole
	var logs logging
	page := newObserving()
	c := &cobra.Command{
		Use: "registry", Short: "run a registry of images", Args: exactly(0),
		Long: `Run a registry that docker, skopeo and oras can push to and pull from, over TLS. It has users with
roles and grants of its own (linkspan user), and knows switches by their certificates; whoever is neither
gets nothing. Settings also come from ` + configFile + ` (section registry) and LINKSPAN_REGISTRY_*.`,
		Example: `  linkspan serve registry
  linkspan serve registry --management-subnet 10.0.0.0/24 --name registry.example.org
  linkspan user create ann --role admin        the first user, on the same host`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := settle(cmd, "registry"); err != nil {
				return err
			}
			if role.log, err = logs.logger(a.err); err != nil {
				return err
			}
			debug.SetMemoryLimit(registryMemory)
			role.socket, role.observed = firstOf(a.target.socket, registrySocket), page.role("registry")
			return page.during(cmd.Context(), role.log, func(ctx context.Context) error {
				return role.run(ctx, func(address string) { isReady(role.log, "socket", role.socket, "address", address) })
			})
		},
	}
	c.Flags().String("config", configFile, "read settings from this `file`")
	role.addFlags(c.Flags(), "")
	page.addFlags(c.Flags(), registryPage)
	logs.addFlags(c.Flags())
	return c
}

// prefixes is a flag of subnets.
type prefixes []netip.Prefix

var _ pflag.Value = (*prefixes)(nil)

// String implements the interface.
func (p *prefixes) String() string {
	text := ""
	for i, one := range *p {
		if i > 0 {
			text += ","
		}
		text += one.String()
	}
	return text
}

// Type implements the interface.
func (*prefixes) Type() string { return "subnet" }

// Set implements the interface: an address alone is a subnet of one.
func (p *prefixes) Set(text string) error {
	one, err := netip.ParsePrefix(text)
	if a, bad := netip.ParseAddr(text); bad == nil {
		one, err = netip.PrefixFrom(a, a.BitLen()), nil
	}
	if err != nil {
		return err
	}
	*p = append(*p, one.Masked())
	return nil
}
