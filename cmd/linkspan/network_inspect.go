// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// networkDoc is all of a network: what docker network inspect shows, in its
// words, then what only Linkspan knows.
type networkDoc struct {
	Name       string
	ID         string `json:"Id"`
	Created    time.Time
	Scope      string
	Driver     string
	EnableIPv4 bool
	EnableIPv6 bool
	IPAM       ipamDoc
	Internal   bool
	Attachable bool
	Ingress    bool
	ConfigFrom configDoc
	ConfigOnly bool
	Containers map[string]containerDoc // by id of container or sandbox; in the fabric by that of the endpoint
	Options    map[string]string
	Labels     map[string]string
	Services   json.RawMessage `json:",omitempty"` // verbose: a swarm's, as dockerd tells them
	Peers      json.RawMessage `json:",omitempty"`

	Subnet    string     `json:",omitempty"` // the first
	Gateway   string     `json:",omitempty"`
	Range     string     `json:",omitempty"`
	Subnet6   string     `json:",omitempty"` // of the fabric's, IPv6 beside Subnet
	Gateway6  string     `json:",omitempty"`
	Range6    string     `json:",omitempty"`
	Idle      string     `json:",omitempty"`
	MTU       uint32     `json:",omitempty"`
	Transport string     `json:",omitempty"` // asked for
	Limits    *limitsRow `json:",omitempty"` // of endpoints that have none of their own
	Endpoints uint32
	Creator   string        `json:",omitempty"`
	Attached  []endpointRow `json:",omitempty"`
	Ways      []wayRow      `json:",omitempty"`
}

// Id is the other word that docker's templates have for the id.
func (n networkDoc) Id() string { return n.ID } //nolint:revive // it is docker's

type ipamDoc struct {
	Driver  string
	Options map[string]string
	Config  []subnetDoc
}

type subnetDoc struct {
	Subnet             string
	IPRange            string            `json:",omitempty"`
	Gateway            string            `json:",omitempty"`
	AuxiliaryAddresses map[string]string `json:",omitempty"`
}

type configDoc struct{ Network string }

type containerDoc struct {
	Name        string
	EndpointID  string
	MacAddress  string
	IPv4Address string
	IPv6Address string
	Switch      string `json:",omitempty"` // in the fabric: where it is
}

func (a *app) networkInspect() *cobra.Command {
	var o output.Options
	var req apiv1.HostServiceGetNetworkRequest
	c := &cobra.Command{
		Use: "inspect NETWORK...", Short: "show all of networks and their endpoints", Args: atLeast(1),
		Long: `Show all of networks, by name or id: what docker network inspect shows, and of those of
the fabric the endpoints on all hosts and the ways between them. A network that another
host has alone is named switch/network.`,
		Example:           "  linkspan network inspect web\n  linkspan network inspect h2/back\n  linkspan network inspect --format '{{.Subnet}}' web\n  linkspan network inspect -f '{{range .Containers}}{{.Name}} {{end}}' web",
		ValidArgsFunction: a.completeNetworks,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			docs := []networkDoc{}
			failed := false
			for _, name := range args {
				doc, err := inspect(cmd.Context(), client, &req, name)
				if err != nil {
					failed = true
					report(a.err, cmd, err)
					continue
				}
				docs = append(docs, doc)
			}
			if failed && len(docs) == 0 {
				return status(exitFailed)
			}
			if err := output.PrintAll(a.out, o, docs); err != nil || !failed {
				return err
			}
			return status(exitFailed)
		},
	}
	o.AddFlags(c.Flags(), false)
	c.Flags().BoolVarP(&req.Verbose, "verbose", "v", false, "also what dockerd knows of a swarm's services")
	c.Flags().StringVar(&req.Scope, "scope", "", "only a network of this `scope`: local, swarm or global")
	return c
}

// inspect shows one network, of this host or of the fabric.
func inspect(ctx context.Context, client *api.Client, req *apiv1.HostServiceGetNetworkRequest, name string) (networkDoc, error) {
	var found foundNetwork
	var err error
	if strings.Contains(name, "/") && req.GetScope() != scopeGlobal { // which no network's own name has
		return inspectLocal(ctx, client, name)
	}
	if req.GetScope() == scopeGlobal {
		found.fabric = name
	} else if found, err = findNetwork(ctx, client, &apiv1.HostServiceGetNetworkRequest{Network: name, Verbose: req.GetVerbose(), Scope: req.GetScope()}); err != nil {
		return networkDoc{}, err
	}
	if found.here != nil {
		return newHostDoc(found.here)
	}
	if req.GetScope() != "" && req.GetScope() != scopeGlobal {
		return networkDoc{}, &linkspan.Error{Code: linkspan.NotFound, Message: "network " + name + " not found", Hint: "leave out --scope"}
	}
	r, err := client.Networks.Get(ctx, connect.NewRequest(&apiv1.NetworkServiceGetRequest{Network: found.fabric}))
	if err != nil {
		return networkDoc{}, err
	}
	return newFabricDoc(r.Msg), nil
}

// newFabricDoc shows a network of the fabric.
func newFabricDoc(r *apiv1.NetworkServiceGetResponse) networkDoc {
	n := r.GetNetwork()
	row := newNetworkRow(n)
	doc := networkDoc{
		Name: row.Name, ID: row.ID, Created: row.Created, Scope: row.Scope, Driver: row.Driver, EnableIPv4: true, EnableIPv6: row.IPv6, Internal: row.Internal,
		Attachable: true, IPAM: ipamDoc{Driver: driverName, Options: map[string]string{}, Config: fabricSubnetDocs(row)},
		Containers: map[string]containerDoc{}, Options: map[string]string{}, Labels: orEmpty(row.Labels),
		Subnet: row.Subnet, Gateway: row.Gateway, Range: row.Range, Subnet6: row.Subnet6, Gateway6: row.Gateway6, Range6: row.Range6, Idle: row.Idle, MTU: row.MTU, Transport: row.Transport, Limits: row.Limits,
		Endpoints: row.Endpoints, Creator: row.Creator, Attached: newEndpointRows(r.GetEndpoints()), Ways: newWayRows(r.GetWays()),
	}
	for _, e := range doc.Attached {
		doc.Containers[cmp.Or(e.ID, e.Address)] = containerDoc{Name: e.Container, EndpointID: e.ID, MacAddress: e.MAC, IPv4Address: e.Address, IPv6Address: e.Address6, Switch: e.Chassis}
	}
	return doc
}

// fabricSubnetDocs shows each subnet with the auxiliary addresses in it.
func fabricSubnetDocs(n networkRow) []subnetDoc {
	docs := []subnetDoc{{n.Subnet, n.Range, n.Gateway, n.Aux}}
	if !n.IPv6 {
		return docs
	}
	docs = append(docs, subnetDoc{Subnet: n.Subnet6, IPRange: n.Range6, Gateway: n.Gateway6})
	docs[0].AuxiliaryAddresses = nil
	for name, text := range n.Aux {
		doc := &docs[0]
		if a, err := netip.ParseAddr(text); err == nil && a.Is6() {
			doc = &docs[1]
		}
		if doc.AuxiliaryAddresses == nil {
			doc.AuxiliaryAddresses = make(map[string]string)
		}
		doc.AuxiliaryAddresses[name] = text
	}
	return docs
}

// newHostDoc shows a network of this host.
func newHostDoc(n *apiv1.HostNetwork) (networkDoc, error) {
	row := newHostNetworkRow(n)
	doc := networkDoc{
		Name: row.Name, ID: row.ID, Created: row.Created, Scope: row.Scope, Driver: row.Driver, EnableIPv4: row.IPv4, EnableIPv6: row.IPv6,
		IPAM:     ipamDoc{Driver: n.GetIpamDriver(), Options: orEmpty(n.GetIpamOptions()), Config: []subnetDoc{}},
		Internal: row.Internal, Attachable: n.GetAttachable(), Ingress: n.GetIngress(), ConfigFrom: configDoc{n.GetConfigFrom()}, ConfigOnly: n.GetConfigOnly(),
		Containers: map[string]containerDoc{}, Options: orEmpty(n.GetOptions()), Labels: orEmpty(row.Labels),
		Subnet: row.Subnet, Gateway: row.Gateway, Range: row.Range, Endpoints: row.Endpoints,
	}
	for _, s := range n.GetSubnets() {
		doc.IPAM.Config = append(doc.IPAM.Config, subnetDoc{s.GetSubnet(), s.GetRange(), s.GetGateway(), s.GetAux()})
	}
	for _, e := range n.GetEndpoints() {
		doc.Containers[e.GetMember()] = containerDoc{Name: e.GetName(), EndpointID: e.GetId(), MacAddress: e.GetMac(), IPv4Address: e.GetIpv4(), IPv6Address: e.GetIpv6()}
	}
	if n.GetDetails() == "" {
		return doc, nil
	}
	var more struct{ Services, Peers json.RawMessage }
	err := json.Unmarshal([]byte(n.GetDetails()), &more)
	doc.Services, doc.Peers = more.Services, more.Peers
	return doc, err
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
