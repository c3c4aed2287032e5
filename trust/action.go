// SPDX-License-Identifier: Apache-2.0

package trust

// Action is one thing a party may ask for, written noun.verb.
type Action string

// Every action that [Allow] decides on.
const (
	NetworkRead        Action = "network.read"
	NetworkCreate      Action = "network.create"
	NetworkRemoveEmpty Action = "network.remove-empty" // remove a network that has no endpoint anywhere
	NetworkRemove      Action = "network.remove"       // remove a network and what is still recorded in it

	EndpointRead     Action = "endpoint.read"
	EndpointWriteOwn Action = "endpoint.write-own" // create, change, remove endpoints of the caller's own chassis
	EndpointMove     Action = "endpoint.move"      // move a container from one host to another
	EndpointCarry    Action = "endpoint.carry"     // do the caller's own chassis's part of a move
	EndpointRemove   Action = "endpoint.remove"    // remove the record of an endpoint whose chassis is gone
	AddressAllocate  Action = "address.allocate"   // take and give back addresses for own endpoints

	RouteRead  Action = "route.read"
	RouteProbe Action = "route.probe" // inject a packet at the port of an endpoint, to see what becomes of it
	EventRead  Action = "event.read"

	SwitchRead   Action = "switch.read"
	SwitchRemove Action = "switch.remove" // remove a chassis and revoke its certificates

	SiteRead  Action = "site.read"
	SiteClear Action = "site.clear" // say between which sites traffic may go in clear text, and who is in which

	GroupRead   Action = "group.read"
	GroupChange Action = "group.change" // create and remove groups, say which networks are in them
	LinkRead    Action = "link.read"
	LinkChange  Action = "link.change" // connect and disconnect containers, of any host
	PolicyRead  Action = "policy.read"
	PolicyWrite Action = "policy.write" // apply and remove policies

	ImageRead    Action = "image.read"
	ImageRemove  Action = "image.remove"  // remove tags and manifests that the caller's grants cover
	ImageCollect Action = "image.collect" // remove what no image needs

	TokenRead   Action = "token.read"
	TokenCreate Action = "token.create"
	TokenRemove Action = "token.remove"

	UserRead   Action = "user.read"
	UserCreate Action = "user.create" // issue a user certificate; make and change users of a registry
	UserRemove Action = "user.remove"

	DatapathCreate Action = "datapath.create" // issue a certificate to a foreign OpenFlow switch

	CertificateRenew Action = "certificate.renew" // replace the certificate in use by one with the same names
	OpenFlowConnect  Action = "openflow.connect"  // offer a datapath to be controlled
	OpenFlowRelay    Action = "openflow.relay"    // send to a datapath through the controller that owns it
)

// Actions returns every action, in the order of the table.
func Actions() []Action {
	actions := make([]Action, len(grants))
	for i, g := range grants {
		actions[i] = g.action
	}
	return actions
}
