// SPDX-License-Identifier: Apache-2.0

package pipeline

// The tables.
const (
	tableClassify  uint8 = 0
	tableDirect    uint8 = 2
	tableGuard     uint8 = 5
	tableNeighbour uint8 = 10
	tableRoute     uint8 = 30
	tableDeliver   uint8 = 40
)

// tables lists them all: each ends in a flow that drops and counts.
var tables = [...]uint8{tableClassify, tableDirect, tableGuard, tableNeighbour, tableRoute, tableDeliver}

// The priorities, each with the tables that have it.
const (
	priorityMiss    uint16 = 0   // all
	priorityPunt    uint16 = 10  // route, deliver: no route yet
	priorityPass    uint16 = 100 // classify, direct, guard, neighbour
	priorityOwn     uint16 = 110 // guard: probes for the own address
	priorityRemote  uint16 = 100 // route, deliver: routes between chassis
	priorityExpire  uint16 = 150 // route
	priorityLocal   uint16 = 200 // route: routes within the chassis
	priorityArrive  uint16 = 200 // deliver: expired on arrival
	priorityExpired uint16 = 300 // route, deliver: TTL 0
	priorityTagged  uint16 = 300 // classify
	priorityDeny    uint16 = 400 // route, deliver
)

// DenySeconds is how long the flow of a denial lasts.
const DenySeconds = 10

// The registers.
const (
	regNetwork = 0
	regPort    = 1
	regSender  = 2
)
