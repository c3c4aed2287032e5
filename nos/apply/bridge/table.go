// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// kind is what a column holds. A cell of any kind is a sorted list of texts: nothing
// for the zero value or an empty set, "key=value" for each pair of a map, the name of
// the row for a reference.
type kind uint8

const (
	word     kind = iota + 1 // string
	flag                     // boolean
	count                    // integer
	words                    // set of strings, or an optional one
	numbers                  // set of integers, or an optional one
	pairs                    // map of strings
	links                    // set of references, or an optional one
	numbered                 // map of integers to references
)

// column is a column that the configuration governs.
type column struct {
	name string
	kind kind
	to   string   // table of a reference
	leaf []string // what sets it, below the path of the row; nil if several leaves do
}

// The tables (ovs-vswitchd.conf.db(5)).
const (
	tableRoot      = "Open_vSwitch"
	tableBridge    = "Bridge"
	tablePort      = "Port"
	tableInterface = "Interface"
	tableMirror    = "Mirror"
	tableQoS       = "QoS"
	tableQueue     = "Queue"
	tableSFlow     = "sFlow"
	tableNetFlow   = "NetFlow"
	tableIPFIX     = "IPFIX"
)

// table is a table with the columns that the configuration governs.
type table struct {
	name    string
	named   bool // its column name names its rows
	columns []column
}

// tables returns all tables; the order is that of steps and drift.
func tables() []table {
	return []table{
		{tableBridge, true, bridgeColumns()},
		{tablePort, true, portColumns()},
		{tableInterface, true, []column{
			{"type", word, "", nil},
			{"mac", words, "", nil},
			{"mtu_request", numbers, "", []string{"mtu"}},
			{"ingress_policing_rate", count, "", nil}, // never: package forward has a meter
			{"ingress_policing_burst", count, "", nil},
		}},
		{tableMirror, true, []column{
			{"select_all", flag, "", []string{"all"}},
			{"select_src_port", links, tablePort, []string{"from-port"}},
			{"select_dst_port", links, tablePort, []string{"to-port"}},
			{"select_vlan", numbers, "", []string{"vlans"}},
			{"output_port", links, tablePort, []string{"output-port"}},
			{"output_vlan", numbers, "", []string{"output-vlan"}},
			{"snaplen", numbers, "", []string{"truncate"}},
		}},
		{tableQoS, false, []column{
			{"type", word, "", nil},
			{"queues", numbered, tableQueue, []string{"queues"}},
			{"other_config", pairs, "", nil},
		}},
		{tableQueue, false, []column{{"other_config", pairs, "", nil}}},
		{tableSFlow, false, exported([]column{
			{"polling", numbers, "", []string{"polling"}},
			{"header", numbers, "", []string{"header"}},
			{"sampling", numbers, "", []string{"sampling"}},
			{"agent", words, "", []string{"agent"}},
		})},
		{tableNetFlow, false, exported([]column{
			{"active_timeout", count, "", []string{"active-timeout"}},
			{"engine_id", numbers, "", []string{"engine-id"}},
			{"engine_type", numbers, "", []string{"engine-type"}},
		})},
		{tableIPFIX, false, exported([]column{
			{"sampling", numbers, "", []string{"sampling"}},
			{"obs_domain_id", numbers, "", []string{"domain"}},
			{"obs_point_id", numbers, "", []string{"point"}},
			{"cache_active_timeout", numbers, "", []string{"active-timeout"}},
			{"cache_max_flows", numbers, "", []string{"cache"}},
		})},
	}
}

func exported(more []column) []column {
	return append([]column{{"targets", words, "", []string{"collectors"}}}, more...)
}

func bridgeColumns() []column {
	return []column{
		{"datapath_type", word, "", nil},
		{"fail_mode", words, "", nil},
		{"protocols", words, "", nil},
		{"stp_enable", flag, "", nil},
		{"rstp_enable", flag, "", []string{"spanning-tree", "enabled"}},
		{"mcast_snooping_enable", flag, "", []string{"switching", "multicast-snooping"}},
		{"other_config", pairs, "", nil},
		{"mirrors", links, tableMirror, []string{"mirrors"}},
		{"sflow", links, tableSFlow, []string{"flow-export", "sflow"}},
		{"netflow", links, tableNetFlow, []string{"flow-export", "netflow"}},
		{"ipfix", links, tableIPFIX, []string{"flow-export", "ipfix"}},
	}
}

func portColumns() []column {
	return []column{
		{"interfaces", links, tableInterface, []string{"bond", "member"}},
		{"vlan_mode", words, "", []string{"mode"}},
		{"tag", numbers, "", []string{"vlan"}},
		{"trunks", numbers, "", []string{"allowed-vlans"}},
		{"protected", flag, "", []string{"isolated"}},
		{"qos", links, tableQoS, []string{"qos", "policy"}},
		{"bond_mode", words, "", []string{"bond", "mode"}},
		{"lacp", words, "", []string{"bond", "lacp"}},
		{"bond_updelay", count, "", []string{"bond", "up-delay"}},
		{"bond_downdelay", count, "", []string{"bond", "down-delay"}},
		{"other_config", pairs, "", nil},
	}
}

// arrange sorts the texts of a cell, numbers by value, and leaves none twice.
func arrange(k kind, atoms []string) []string {
	switch k {
	case numbers:
		slices.SortFunc(atoms, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	default:
		slices.Sort(atoms)
	}
	return slices.Compact(atoms)
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // texts of number cells are decimal
	return n
}

// show writes a cell for people: runs of numbers as 20-30.
func show(k kind, cell []string) string {
	if k != numbers {
		return strings.Join(cell, ",")
	}
	var parts []string
	for i := 0; i < len(cell); {
		j := i
		for j+1 < len(cell) && number(cell[j+1]) == number(cell[j])+1 {
			j++
		}
		part := cell[i]
		if j > i {
			part += "-" + cell[j]
		}
		parts = append(parts, part)
		i = j + 1
	}
	return strings.Join(parts, ",")
}
