// SPDX-License-Identifier: Apache-2.0

package pipeline

// The tables.
const (
	tableClassify  uint8 = 0
	tableDirect    uint8 = 2
	tableGuard     uint8 = 5
	tableNeighbour uint8 = 10
	tableAdvert    uint8 = 11
	tableRoute     uint8 = 30
	tableTracked   uint8 = 31
	tableDeliver   uint8 = 40
	tableArrived   uint8 = 41
	tableEnter     uint8 = 50
	tableEntered   uint8 = 51
)

// tables lists them all: each ends in a flow that drops and counts.
var tables = [...]uint8{
	tableClassify, tableDirect, tableGuard, tableNeighbour, tableAdvert, tableRoute, tableTracked, tableDeliver, tableArrived,
	tableEnter, tableEntered,
}

// The priorities, each with the tables that have it.
const (
	priorityMiss      uint16 = 0   // all
	priorityPunt      uint16 = 10  // route, deliver, enter: no route yet; tracked, arrived, entered: no class yet
	priorityOutside   uint16 = 90  // route, tracked, enter, entered: routes out of all networks
	priorityPass      uint16 = 100 // classify, direct, guard, neighbour, advert
	priorityOwn       uint16 = 110 // guard: probes for the own address
	priorityHost      uint16 = 110 // classify: from the host itself
	priorityGroup     uint16 = 120 // classify: from the host to groups
	priorityDiscovery uint16 = 120 // guard: of neighbour discovery, what nobody is to get
	priorityEcho      uint16 = 120 // guard: echo requests to the gateway address
	prioritySolicit   uint16 = 130 // guard: what asks for a neighbour
	priorityOwn6      uint16 = 140 // guard: the same as priorityOwn
	priorityRemote    uint16 = 100 // route, deliver, tracked, arrived: routes between chassis
	priorityExpire    uint16 = 150 // route
	priorityLocal     uint16 = 200 // route, tracked: routes within the chassis
	priorityArrive    uint16 = 200 // deliver: expired on arrival
	priorityExpired   uint16 = 300 // route, deliver: TTL 0
	priorityTagged    uint16 = 300 // classify
	priorityStray     uint16 = 250 // tracked, arrived, entered: segments of TCP of no known connection
	priorityDenyClass uint16 = 300 // tracked, arrived, entered
	priorityError     uint16 = 350 // enter: ICMP errors
	priorityDeny      uint16 = 400 // route, deliver, enter
	priorityInvalid   uint16 = 400 // tracked, arrived, entered: of no connection
	priorityProbe     uint16 = 900 // route, tracked, deliver, arrived: the packet of a probe
)

// DenySeconds is how long the flow of a denial lasts.
const DenySeconds = 10

// The registers.
const (
	regNetwork = 0
	regPort    = 1
	regSender  = 2
	regScratch = 3 // of the answer to ARP
	regProbe   = 6 // of a probe's packet: the port where it came in
	regTwice   = 7 // of a probe's packet: it was watched behind connection tracking, too
)
