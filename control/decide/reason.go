// SPDX-License-Identifier: Apache-2.0

package decide

// Reason says why a verdict is what it is.
type Reason uint8

// The reasons.
const (
	NoReason             Reason = iota
	SameNetwork                 // allow
	NoNetwork                   // the packet's network is not known
	UnknownSource               // no endpoint has the source address
	MisplacedSource             // the source is attached elsewhere
	UnknownDestination          // no endpoint has the destination address
	OutsideDestination          // the destination address is not of the network
	MisplacedDestination        // the destination is attached elsewhere
	OwnAddress                  // source and destination are the same
	TimeExceeded                // its time to live is used up
	ChassisAway                 // the destination's chassis has no session
	PeersLate                   // the chassis could not be made ready for each other in time
	SitesApart                  // the chassis are in two sites without a clearance
	OtherSite                   // not direct: the chassis are in two sites
	NoPath                      // not direct: no path has been proved by both
	NetworkOverlaps             // not direct: another network has the same addresses
	TunnelWanted                // not direct: the network asks for the tunnel
	SharedGroup                 // allow: two networks of one group
	LinkAllows                  // allow: a person's word
	LinkDenies                  // a person's word
	NotGrouped                  // two networks that share no group
	AmbiguousDestination        // several networks hold the destination address
	AmbiguousSource             // the destination does not find the source under its address
	NameUnknown                 // the name of a container has not come yet, and links name containers
	InternalNetwork             // no way leads out of an internal network, nor into it, by a link or a policy
	NothingAllows               // neither a policy, nor anything that follows in the order
	PolicyAllows                // allow
	PolicyDenies
	PolicyRejects
	LabelsUnknown // labels and name of a container have not come yet, and policies ask for them
	WayOut        // allow: out of a network, or into it
	HeldSource    // what comes from outside bears an address that a network holds
	NetworkHolds  // the address is not outside any more
	NoWayOut      // the network is internal
	NobodysAddress
)

var reasonTexts = [...]string{
	NoReason:             "",
	SameNetwork:          "both ends are in the same network",
	NoNetwork:            "the network does not exist",
	UnknownSource:        "no endpoint has the source address",
	MisplacedSource:      "the source is not attached there",
	UnknownDestination:   "no endpoint has the destination address",
	OutsideDestination:   "the destination is outside of the network",
	MisplacedDestination: "the destination is not attached there",
	OwnAddress:           "source and destination are the same",
	TimeExceeded:         "time to live exceeded",
	ChassisAway:          "the destination's chassis is away",
	PeersLate:            "the tunnel to the destination's chassis is not ready",
	SitesApart:           "the hosts are in different sites, and traffic in clear text between these is not allowed",
	OtherSite:            "the hosts are in different sites",
	NoPath:               "no direct path between the hosts is proved",
	NetworkOverlaps:      "the network's addresses overlap another network's",
	TunnelWanted:         "the network asks for the tunnel",
	SharedGroup:          "the networks of both ends share a group",
	LinkAllows:           "a link connects the two containers",
	LinkDenies:           "a link disconnects the two containers",
	NotGrouped:           "the ends are in different networks, which share no group",
	AmbiguousDestination: "several networks have the destination address, and no group or link says which is meant",
	AmbiguousSource:      "the destination finds another, or nobody, under the source address",
	NameUnknown:          "the name of the container is not known yet, and links on its host name containers",
	InternalNetwork:      "one of the networks is internal, and no way leads out of it or into it",
	NothingAllows:        "nothing allows it",
	PolicyAllows:         "a policy allows it",
	PolicyDenies:         "a policy denies it",
	PolicyRejects:        "a policy rejects it",
	LabelsUnknown:        "labels and name of the container are not known yet, and a policy that asks for them may decide otherwise",
	WayOut:               "one end is outside of all networks, and the other's is not internal",
	HeldSource:           "it comes from outside, and its source address is one that a network holds",
	NetworkHolds:         "a network holds the address",
	NoWayOut:             "the network is internal: no way leads out of it, nor into it",
	NobodysAddress:       "no host outside has that address",
}

// String returns the reason as a sentence in lower case without a full stop.
func (r Reason) String() string { return reasonTexts[r] }
