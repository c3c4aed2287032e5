// SPDX-License-Identifier: Apache-2.0

package openflow

import "strconv"

// Type is the type of a message (spec 7.1.1, ofp_type).
type Type uint8

// The message types of OpenFlow 1.3.
const (
	TypeHello Type = iota
	TypeError
	TypeEchoRequest
	TypeEchoReply
	TypeExperimenter
	TypeFeaturesRequest
	TypeFeaturesReply
	TypeGetConfigRequest
	TypeGetConfigReply
	TypeSetConfig
	TypePacketIn
	TypeFlowRemoved
	TypePortStatus
	TypePacketOut
	TypeFlowMod
	TypeGroupMod
	TypePortMod
	TypeTableMod
	TypeMultipartRequest
	TypeMultipartReply
	TypeBarrierRequest
	TypeBarrierReply
	TypeQueueGetConfigRequest
	TypeQueueGetConfigReply
	TypeRoleRequest
	TypeRoleReply
	TypeGetAsyncRequest
	TypeGetAsyncReply
	TypeSetAsync
	TypeMeterMod
)

var typeNames = [...]string{
	"hello", "error", "echo_request", "echo_reply", "experimenter",
	"features_request", "features_reply", "get_config_request", "get_config_reply", "set_config",
	"packet_in", "flow_removed", "port_status", "packet_out", "flow_mod",
	"group_mod", "port_mod", "table_mod", "multipart_request", "multipart_reply",
	"barrier_request", "barrier_reply", "queue_get_config_request", "queue_get_config_reply",
	"role_request", "role_reply", "get_async_request", "get_async_reply", "set_async", "meter_mod",
}

// String returns the name in lower case, or the number of an unknown type.
func (t Type) String() string { return nameOf(typeNames[:], int(t)) }

// nameOf returns names[i], or i in decimal when the table does not have it.
func nameOf(names []string, i int) string {
	if i < len(names) && names[i] != "" {
		return names[i]
	}
	return strconv.Itoa(i)
}
