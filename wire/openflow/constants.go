// SPDX-License-Identifier: Apache-2.0

package openflow

// Reserved port numbers (spec 7.2.1, ofp_port_no).
const (
	PortMax        uint32 = 0xffffff00
	PortInPort     uint32 = 0xfffffff8 // back where it came in: must be said explicitly
	PortTable      uint32 = 0xfffffff9 // PacketOut only: through the tables
	PortNormal     uint32 = 0xfffffffa // as a learning switch
	PortFlood      uint32 = 0xfffffffb
	PortAll        uint32 = 0xfffffffc
	PortController uint32 = 0xfffffffd
	PortLocal      uint32 = 0xfffffffe
	PortAny        uint32 = 0xffffffff // wildcard in requests and deletes
)

// NoBuffer says that a message carries its whole packet. Open vSwitch 2.7 and
// later never buffers, refuses any other buffer id, and sends packets whole
// even where an action asks for less.
const NoBuffer uint32 = 0xffffffff

// MaxLenNoBuffer asks an output to the controller for the whole packet (spec
// 7.2.5, OFPCML_NO_BUFFER). It is also the miss_send_len that does.
const MaxLenNoBuffer uint16 = 0xffff

// TableAll stands for every table in deletes and statistics requests.
const TableAll uint8 = 0xff

// GroupAny and GroupAll are the wildcard and the all-groups number.
const (
	GroupAny uint32 = 0xffffffff
	GroupAll uint32 = 0xfffffffc
)

// Meter numbers beyond those of single meters (spec 7.3.4.4, ofp_meter).
const (
	MeterMax        uint32 = 0xffff0000
	MeterSlowpath   uint32 = 0xfffffffd // packets handled in software
	MeterController uint32 = 0xfffffffe // the connection to the controller
	MeterAll        uint32 = 0xffffffff // statistics and delete only
)

// Experimenter ids.
const (
	Nicira = 0x00002320 // Open vSwitch's extensions
	ONF    = 0x4f4e4600 // the Open Networking Foundation's extensions
)
