// SPDX-License-Identifier: Apache-2.0

// Package forward decides what br-switch does with frames (ADR 0028), as far as it follows from
// the configuration: it is the only place with the numbers of tables, registers and meters. [Flows]
// is pure: from a configuration and the OpenFlow ports that the bridge has, it makes all flows and
// meters. [Part] keeps the bridge so: in one bundle per change, read back, and again after Open
// vSwitch started anew. Flows that come and go with hosts, and with who decides, are package
// dispatch's below this one; they have cookies of their own and are left alone.
//
//	 0 Guard       drops what no bridge passes on; notes VLAN and access list of the port;
//	               meters of ports that may send only so much
//	 1 Storm       meters for broadcast and multicast frames, port by port
//	 2 ACL         rules of access lists; the number of a rule is its place
//	 3 ACLDefault  what no rule matched: IPv4 and IPv6 as the list says, all else passes
//	 4 Learn       who is where, only while a port limits frames for unknown stations
//	 5 Known       the stations that were learnt; looked up, never gone to
//	 6 Unknown     meters for frames for stations that were not learnt
//	 7 Dispatch    who decides (package dispatch): where it does not say, the switch itself
//	 8, 9          package dispatch's
//	10 Itself      what the switch itself decides about
//	11 Normal      as a learning switch
//	20 SDN, 21 Station, 30 Foreign, 31 Returned: package dispatch's
//
// A frame's VLAN is in a register from table 0 on, whether it has a tag or not. What table 0
// does not know passes nowhere: a port that is not configured is no port.
//
// It writes no row of Open vSwitch's database (package bridge does), chooses no mode (package
// mode does) and speaks with no controller.
//
//	set := forward.Flows(t, facts)
//	part := forward.New(forward.Options{Dial: dial})
//	go part.Run(ctx)
package forward
