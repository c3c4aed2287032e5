// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/dockerargs"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
	"github.com/linkspan/linkspan/cnm/mirror"
)

// driverOfFabric returns the driver of a network of the fabric by what is typed:
// its own name, or Docker's for it.
func driverOfFabric(typed string) (d linkspan.Driver, ok bool) {
	switch typed {
	case driverName, string(linkspan.Hotplug):
		return linkspan.Hotplug, true
	case mirror.OverlayDriver, string(linkspan.Overlay):
		return linkspan.Overlay, true
	}
	return "", false
}

// newNetwork is what was typed after linkspan network create.
type newNetwork struct {
	driver, scope, configFrom                           string
	subnets, ranges, gateways                           []string
	aux, labels, options, ipamOptions                   []string
	ipamDriver                                          string
	ipv4, ipv6, internal, attachable, ingress, template bool
	idle                                                time.Duration
	mtu                                                 uint32
	transport                                           string
	given                                               func(flag string) bool
}

func (w *newNetwork) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&w.driver, "driver", "d", driverName, "`driver` of the network: linkspan (routes) and overlay (one layer 2 by VXLAN) are on every host; bridge, macvlan, null, host are of this one")
	f.StringArrayVar(&w.subnets, "subnet", nil, "addresses of the network, in `CIDR` form (needed for driver linkspan); may be repeated")
	f.StringArrayVar(&w.gateways, "gateway", nil, "`address` of the router (default: the first of the subnet); may be repeated")
	f.StringArrayVar(&w.ranges, "ip-range", nil, "lease addresses from this `CIDR` only; may be repeated")
	f.StringArrayVar(&w.aux, "aux-address", nil, "keep an address out of use, as `name=address`; may be repeated")
	f.StringVar(&w.ipamDriver, "ipam-driver", "", "`driver` that gives addresses (default: the network driver's)")
	f.StringArrayVar(&w.ipamOptions, "ipam-opt", nil, "set an option of that driver, as `key=value`; may be repeated")
	f.StringArrayVarP(&w.options, "opt", "o", nil, "set an option of the driver, as `key=value`; may be repeated")
	f.StringArrayVar(&w.labels, "label", nil, "attach a label, as `key=value`; may be repeated")
	f.BoolVar(&w.internal, "internal", false, "give containers no default route")
	f.BoolVar(&w.ipv4, "ipv4", true, "give containers IPv4 addresses")
	f.BoolVar(&w.ipv6, "ipv6", false, "give containers IPv6 addresses too")
	f.BoolVar(&w.attachable, "attachable", false, "let containers be attached by hand, as those of all networks here can")
	f.StringVar(&w.scope, "scope", "", "`scope` of the network, local or global (default: the driver's)")
	f.BoolVar(&w.ingress, "ingress", false, "make Docker's network for the published ports of a swarm")
	f.BoolVar(&w.template, "config-only", false, "make settings for other networks of Docker's, and no network")
	f.StringVar(&w.configFrom, "config-from", "", "take the settings from this `network`, made with --config-only")
	f.DurationVar(&w.idle, "idle", linkspan.DefaultIdle, "unplug a route after this `time` without a packet")
	f.Uint32Var(&w.mtu, "mtu", 0, "largest packet of a container, in `bytes` (default: what the transport carries)")
	f.StringVar(&w.transport, "transport", "auto", "how packets go between hosts: auto, direct or tunnel (`choice`); direct refuses hosts without a direct path")
}

func (a *app) networkCreate() *cobra.Command {
	var w newNetwork
	c := &cobra.Command{
		Use: "create [flags] NAME", Short: "create a network on every host, or on this one", Args: exactly(1),
		Long: `Create a network. One of driver linkspan or overlay appears under its name in docker network ls
of every host. Containers of it talk across hosts; containers of other networks do not
reach it. One of driver bridge, macvlan, null or host is of this host alone: Docker has
it where there is Docker, and sandboxes can be in it where there is not. Where there is
Docker, any other driver is one of Docker's. What the driver cannot do is refused.`,
		Example: `  linkspan network create --subnet 10.7.0.0/24 web
  linkspan network create --subnet 10.8.0.0/16 --ip-range 10.8.4.0/22 --idle 5m db
  linkspan network create --ipv6 --subnet 10.6.0.0/24 --subnet fd00:6::/64 dual
  linkspan network create -d overlay --subnet 10.9.0.0/24 wire
  linkspan network create -d bridge --internal --label team=blue back`,
		RunE: func(cmd *cobra.Command, args []string) error {
			w.given = cmd.Flags().Changed
			if w.ofFabric() {
				return a.createInFabric(cmd, w, args[0])
			}
			return a.createHere(cmd, w, args[0])
		},
	}
	w.addFlags(c.Flags())
	_ = c.RegisterFlagCompletionFunc("driver", cobra.FixedCompletions([]string{driverName, overlayKey, bridgeKey, macvlanKey, nullKey, hostKey}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// ofFabric says whether the network shall be on every host.
func (w *newNetwork) ofFabric() bool {
	_, ok := driverOfFabric(w.driver)
	return ok
}

func (a *app) createInFabric(cmd *cobra.Command, w newNetwork, name string) error {
	n, err := w.forFabric(name)
	if err != nil {
		return err
	}
	client, err := a.target.client()
	if err != nil {
		return err
	}
	defer client.Close()
	r, err := client.Networks.Create(cmd.Context(), connect.NewRequest(&apiv1.NetworkServiceCreateRequest{Network: n}))
	if err == nil {
		_, err = fmt.Fprintln(a.out, linkspan.NetworkID(r.Msg.GetNetwork().GetId()))
	}
	return err
}

// forFabric reads what was typed for a network of the fabric, and refuses what
// one cannot have.
func (w *newNetwork) forFabric(name string) (*apiv1.Network, error) {
	if len(w.subnets) == 0 && !w.ipv6 {
		return nil, usageError{errors.New(`required flag(s) "subnet" not set`)}
	}
	if err := w.refuseForFabric(); err != nil {
		return nil, err
	}
	aux, err := parsePairs("auxiliary address", w.aux)
	if err != nil {
		return nil, err
	}
	subnets, err := dockerargs.Subnets(w.subnets, w.ranges, w.gateways, aux)
	if err != nil {
		return nil, err
	}
	driver, _ := driverOfFabric(w.driver)
	n := &apiv1.Network{
		Name: name, Driver: string(driver), Aux: aux, Internal: w.internal, Mtu: w.mtu, Transport: w.transport, Idle: durationpb.New(w.idle),
	}
	if err := w.fabricSubnets(n, subnets); err != nil {
		return nil, err
	}
	if n.Labels, err = parsePairs("label", w.labels); err != nil {
		return nil, err
	}
	return n, w.fabricOptions(n)
}

// fabricSubnets takes the one subnet that a network of the fabric has, or with --ipv6
// the two.
func (w *newNetwork) fabricSubnets(n *apiv1.Network, subnets []dockerargs.Subnet) error {
	for _, s := range subnets {
		p, err := netip.ParsePrefix(s.Subnet)
		if err != nil {
			return err
		}
		switch {
		case p.Addr().Is4() && n.GetSubnet() != "", p.Addr().Is6() && n.GetSubnet6() != "":
			return refusedArg("make further networks for the others", "a network of driver %s has one subnet of each family", w.driver)
		case p.Addr().Is6() && !w.ipv6:
			return refusedArg("give --ipv6 too", "subnet %s is IPv6, which is not enabled", p)
		case p.Addr().Is6():
			n.Subnet6, n.Range6, n.Gateway6 = s.Subnet, s.Range, s.Gateway
		default:
			n.Subnet, n.Range, n.Gateway = s.Subnet, s.Range, s.Gateway
		}
	}
	switch {
	case n.GetSubnet() == "":
		return refusedArg("give --subnet of IPv4 too, as in --subnet 10.7.0.0/24", "a network of driver %s needs IPv4, also beside IPv6", w.driver)
	case w.ipv6 && n.GetSubnet6() == "":
		return refusedArg("give --subnet of IPv6 too, as in --subnet fd00:7::/64", "--ipv6 needs an IPv6 subnet")
	}
	return nil
}

// refusedArg refuses what was typed, and says what to type.
func refusedArg(hint, format string, args ...any) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...), Hint: hint}
}

func (w *newNetwork) refuseForFabric() error {
	no := refusedArg
	switch {
	case w.ipv6 && w.driver != driverName:
		return no("leave out --ipv6 and give IPv4 subnets only", "networks of driver %s have no IPv6", w.driver)
	case !w.ipv4:
		return no("leave out --ipv4=false", "a network of driver %s needs IPv4", w.driver)
	case w.ipamDriver != "" && w.ipamDriver != driverName && w.ipamDriver != "default":
		return no("leave out --ipam-driver", "a network of driver %s has the ipam driver %s, not %s", w.driver, driverName, w.ipamDriver)
	case len(w.ipamOptions) > 0:
		return no("leave out --ipam-opt", "unknown ipam option %s", w.ipamOptions[0])
	case w.scope != "" && w.scope != scopeGlobal:
		return no("leave out --scope", "networks of driver %s have scope %s, not %s", w.driver, scopeGlobal, w.scope)
	case w.given("attachable") && !w.attachable:
		return no("leave it out", "containers can be attached by hand to every network of driver %s", w.driver)
	case w.ingress, w.template, w.configFrom != "":
		return no("give --driver too, or type docker network create", "--ingress, --config-only and --config-from are for networks of Docker's own drivers")
	}
	return nil
}

// fabricOptions reads the options of docker network create -d linkspan, which
// are flags here.
func (w *newNetwork) fabricOptions(n *apiv1.Network) error {
	options, err := parsePairs("option", w.options)
	if err != nil {
		return err
	}
	for key, value := range options {
		bad := func(want string) error {
			return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("option %s: %q is not %s", key, value, want)}
		}
		switch key {
		case hotplug.OptionIdle:
			idle, err := time.ParseDuration(value)
			if err != nil {
				return bad("a time like 30s")
			}
			n.Idle = durationpb.New(idle)
		case hotplug.OptionMTU:
			mtu, err := strconv.ParseUint(value, 10, 16)
			if err != nil {
				return bad("a number of bytes")
			}
			n.Mtu = uint32(mtu)
		case hotplug.OptionTransport:
			n.Transport = value
		case hotplug.OptionEgress, hotplug.OptionIngress: // below, both together
		default:
			return &linkspan.Error{
				Code: linkspan.Invalid, Message: "unknown option " + key + " of driver " + w.driver,
				Hint: "the options are " + strings.Join([]string{hotplug.OptionIdle, hotplug.OptionMTU, hotplug.OptionTransport, hotplug.OptionEgress, hotplug.OptionIngress}, ", "),
			}
		}
	}
	n.Limits, err = typedLimits(options)
	return err
}

func (a *app) createHere(cmd *cobra.Command, w newNetwork, name string) error {
	n, err := w.forHost(name)
	if err != nil {
		return err
	}
	client, err := a.target.client()
	if err != nil {
		return err
	}
	defer client.Close()
	r, err := client.Host.CreateNetwork(cmd.Context(), connect.NewRequest(&apiv1.HostServiceCreateNetworkRequest{Network: n, NoIpv4: !w.ipv4}))
	if err != nil {
		return onHost(err, "networks of driver "+w.driver+" are of one host")
	}
	for _, warning := range r.Msg.GetWarnings() {
		fmt.Fprintln(a.err, "WARNING:", warning)
	}
	_, err = fmt.Fprintln(a.out, r.Msg.GetId())
	return err
}

// forHost reads what was typed for a network of this host.
func (w *newNetwork) forHost(name string) (*apiv1.HostNetwork, error) {
	for _, flag := range []string{"idle", "transport"} {
		if w.given(flag) {
			return nil, &linkspan.Error{
				Code: linkspan.Invalid, Message: "--" + flag + " is for networks of driver " + driverName + ", not of " + w.driver, Hint: "leave it out",
			}
		}
	}
	n := &apiv1.HostNetwork{
		Name: name, Driver: w.driver, Scope: w.scope, Ipv6: w.ipv6, Internal: w.internal, Attachable: w.attachable, Ingress: w.ingress,
		ConfigOnly: w.template, ConfigFrom: w.configFrom, IpamDriver: w.ipamDriver,
	}
	aux, err := parsePairs("auxiliary address", w.aux)
	if err != nil {
		return nil, err
	}
	for what, pairs := range map[string]struct {
		given []string
		into  *map[string]string
	}{
		"label": {w.labels, &n.Labels}, "option": {w.options, &n.Options}, "ipam option": {w.ipamOptions, &n.IpamOptions},
	} {
		if *pairs.into, err = parsePairs(what, pairs.given); err != nil {
			return nil, err
		}
	}
	if w.given("mtu") {
		n.Options[hotplug.OptionMTU] = strconv.Itoa(int(w.mtu))
	}
	subnets, err := dockerargs.Subnets(w.subnets, w.ranges, w.gateways, aux)
	for _, s := range subnets {
		n.Subnets = append(n.Subnets, &apiv1.HostSubnet{Subnet: s.Subnet, Range: s.Range, Gateway: s.Gateway, Aux: s.Aux})
	}
	return n, err
}

// onHost says what to do where only the controller answers.
func onHost(err error, what string) error {
	if connect.CodeOf(err) != connect.CodeUnimplemented {
		return err
	}
	return &linkspan.Error{
		Code: linkspan.Invalid, Message: what + ", and this is a controller",
		Hint: "type it on the host, where linkspan serve switch runs; in a lab: linkspan lab exec h1 -- linkspan ...",
	}
}
