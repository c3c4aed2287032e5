// SPDX-License-Identifier: Apache-2.0

package openflow

// The basic fields of OpenFlow (spec 7.2.3.7; PacketType: spec 1.5).
const (
	FieldInPort     Field = classBasic<<16 | 0<<9 | 4
	FieldInPhyPort  Field = classBasic<<16 | 1<<9 | 4
	FieldMetadata   Field = classBasic<<16 | 2<<9 | 8
	FieldEthDst     Field = classBasic<<16 | 3<<9 | 6
	FieldEthSrc     Field = classBasic<<16 | 4<<9 | 6
	FieldEthType    Field = classBasic<<16 | 5<<9 | 2
	FieldVLANVID    Field = classBasic<<16 | 6<<9 | 2
	FieldVLANPCP    Field = classBasic<<16 | 7<<9 | 1
	FieldIPDSCP     Field = classBasic<<16 | 8<<9 | 1
	FieldIPECN      Field = classBasic<<16 | 9<<9 | 1
	FieldIPProto    Field = classBasic<<16 | 10<<9 | 1
	FieldIPv4Src    Field = classBasic<<16 | 11<<9 | 4
	FieldIPv4Dst    Field = classBasic<<16 | 12<<9 | 4
	FieldTCPSrc     Field = classBasic<<16 | 13<<9 | 2
	FieldTCPDst     Field = classBasic<<16 | 14<<9 | 2
	FieldUDPSrc     Field = classBasic<<16 | 15<<9 | 2
	FieldUDPDst     Field = classBasic<<16 | 16<<9 | 2
	FieldSCTPSrc    Field = classBasic<<16 | 17<<9 | 2
	FieldSCTPDst    Field = classBasic<<16 | 18<<9 | 2
	FieldICMPType   Field = classBasic<<16 | 19<<9 | 1
	FieldICMPCode   Field = classBasic<<16 | 20<<9 | 1
	FieldARPOp      Field = classBasic<<16 | 21<<9 | 2
	FieldARPSPA     Field = classBasic<<16 | 22<<9 | 4
	FieldARPTPA     Field = classBasic<<16 | 23<<9 | 4
	FieldARPSHA     Field = classBasic<<16 | 24<<9 | 6
	FieldARPTHA     Field = classBasic<<16 | 25<<9 | 6
	FieldIPv6Src    Field = classBasic<<16 | 26<<9 | 16
	FieldIPv6Dst    Field = classBasic<<16 | 27<<9 | 16
	FieldIPv6Label  Field = classBasic<<16 | 28<<9 | 4
	FieldICMPv6Type Field = classBasic<<16 | 29<<9 | 1
	FieldICMPv6Code Field = classBasic<<16 | 30<<9 | 1
	FieldNDTarget   Field = classBasic<<16 | 31<<9 | 16
	FieldNDSLL      Field = classBasic<<16 | 32<<9 | 6
	FieldNDTLL      Field = classBasic<<16 | 33<<9 | 6
	FieldMPLSLabel  Field = classBasic<<16 | 34<<9 | 4
	FieldMPLSTC     Field = classBasic<<16 | 35<<9 | 1
	FieldMPLSBOS    Field = classBasic<<16 | 36<<9 | 1
	FieldTunnelID   Field = classBasic<<16 | 38<<9 | 8
	FieldPacketType Field = classBasic<<16 | 44<<9 | 4
)

// The fields of OpenFlow 1.0 in Nicira's numbering (ovs-fields(7), NXM_OF).
const (
	FieldNXMInPort   Field = classNXM0<<16 | 0<<9 | 2
	FieldNXMEthDst   Field = classNXM0<<16 | 1<<9 | 6
	FieldNXMEthSrc   Field = classNXM0<<16 | 2<<9 | 6
	FieldNXMEthType  Field = classNXM0<<16 | 3<<9 | 2
	FieldVLANTCI     Field = classNXM0<<16 | 4<<9 | 2
	FieldNXMIPTOS    Field = classNXM0<<16 | 5<<9 | 1
	FieldNXMIPProto  Field = classNXM0<<16 | 6<<9 | 1
	FieldNXMIPSrc    Field = classNXM0<<16 | 7<<9 | 4
	FieldNXMIPDst    Field = classNXM0<<16 | 8<<9 | 4
	FieldNXMTCPSrc   Field = classNXM0<<16 | 9<<9 | 2
	FieldNXMTCPDst   Field = classNXM0<<16 | 10<<9 | 2
	FieldNXMUDPSrc   Field = classNXM0<<16 | 11<<9 | 2
	FieldNXMUDPDst   Field = classNXM0<<16 | 12<<9 | 2
	FieldNXMICMPType Field = classNXM0<<16 | 13<<9 | 1
	FieldNXMICMPCode Field = classNXM0<<16 | 14<<9 | 1
	FieldNXMARPOp    Field = classNXM0<<16 | 15<<9 | 2
	FieldNXMARPSPA   Field = classNXM0<<16 | 16<<9 | 4
	FieldNXMARPTPA   Field = classNXM0<<16 | 17<<9 | 4
)

// Nicira's extension fields (ovs-fields(7), NXM_NX).
const (
	FieldReg0           Field = classNXM1<<16 | 0<<9 | 4
	FieldReg1           Field = classNXM1<<16 | 1<<9 | 4
	FieldReg2           Field = classNXM1<<16 | 2<<9 | 4
	FieldReg3           Field = classNXM1<<16 | 3<<9 | 4
	FieldReg4           Field = classNXM1<<16 | 4<<9 | 4
	FieldReg5           Field = classNXM1<<16 | 5<<9 | 4
	FieldReg6           Field = classNXM1<<16 | 6<<9 | 4
	FieldReg7           Field = classNXM1<<16 | 7<<9 | 4
	FieldReg8           Field = classNXM1<<16 | 8<<9 | 4
	FieldReg9           Field = classNXM1<<16 | 9<<9 | 4
	FieldReg10          Field = classNXM1<<16 | 10<<9 | 4
	FieldReg11          Field = classNXM1<<16 | 11<<9 | 4
	FieldReg12          Field = classNXM1<<16 | 12<<9 | 4
	FieldReg13          Field = classNXM1<<16 | 13<<9 | 4
	FieldReg14          Field = classNXM1<<16 | 14<<9 | 4
	FieldReg15          Field = classNXM1<<16 | 15<<9 | 4
	FieldNXMTunnelID    Field = classNXM1<<16 | 16<<9 | 8
	FieldNXMARPSHA      Field = classNXM1<<16 | 17<<9 | 6
	FieldNXMARPTHA      Field = classNXM1<<16 | 18<<9 | 6
	FieldNXMIPv6Src     Field = classNXM1<<16 | 19<<9 | 16
	FieldNXMIPv6Dst     Field = classNXM1<<16 | 20<<9 | 16
	FieldNXMICMPv6Type  Field = classNXM1<<16 | 21<<9 | 1
	FieldNXMICMPv6Code  Field = classNXM1<<16 | 22<<9 | 1
	FieldNXMNDTarget    Field = classNXM1<<16 | 23<<9 | 16
	FieldNXMNDSLL       Field = classNXM1<<16 | 24<<9 | 6
	FieldNXMNDTLL       Field = classNXM1<<16 | 25<<9 | 6
	FieldIPFrag         Field = classNXM1<<16 | 26<<9 | 1
	FieldNXMIPv6Label   Field = classNXM1<<16 | 27<<9 | 4
	FieldNXMIPECN       Field = classNXM1<<16 | 28<<9 | 1
	FieldIPTTL          Field = classNXM1<<16 | 29<<9 | 1
	FieldNXMCookie      Field = classNXM1<<16 | 30<<9 | 8
	FieldTunnelSrc      Field = classNXM1<<16 | 31<<9 | 4
	FieldTunnelDst      Field = classNXM1<<16 | 32<<9 | 4
	FieldPacketMark     Field = classNXM1<<16 | 33<<9 | 4
	FieldNXMTCPFlags    Field = classNXM1<<16 | 34<<9 | 2
	FieldDPHash         Field = classNXM1<<16 | 35<<9 | 4
	FieldRecircID       Field = classNXM1<<16 | 36<<9 | 4
	FieldConjID         Field = classNXM1<<16 | 37<<9 | 4
	FieldTunnelGBPID    Field = classNXM1<<16 | 38<<9 | 2
	FieldTunnelGBPFlags Field = classNXM1<<16 | 39<<9 | 1
	FieldTunnelFlags    Field = classNXM1<<16 | 104<<9 | 2
	FieldCTState        Field = classNXM1<<16 | 105<<9 | 4
	FieldCTZone         Field = classNXM1<<16 | 106<<9 | 2
	FieldCTMark         Field = classNXM1<<16 | 107<<9 | 4
	FieldCTLabel        Field = classNXM1<<16 | 108<<9 | 16
	FieldTunnelIPv6Src  Field = classNXM1<<16 | 109<<9 | 16
	FieldTunnelIPv6Dst  Field = classNXM1<<16 | 110<<9 | 16
	FieldXXReg0         Field = classNXM1<<16 | 111<<9 | 16
	FieldXXReg1         Field = classNXM1<<16 | 112<<9 | 16
	FieldXXReg2         Field = classNXM1<<16 | 113<<9 | 16
	FieldXXReg3         Field = classNXM1<<16 | 114<<9 | 16
	FieldCTProto        Field = classNXM1<<16 | 119<<9 | 1
	FieldCTIPv4Src      Field = classNXM1<<16 | 120<<9 | 4
	FieldCTIPv4Dst      Field = classNXM1<<16 | 121<<9 | 4
	FieldCTIPv6Src      Field = classNXM1<<16 | 122<<9 | 16
	FieldCTIPv6Dst      Field = classNXM1<<16 | 123<<9 | 16
	FieldCTPortSrc      Field = classNXM1<<16 | 124<<9 | 2
	FieldCTPortDst      Field = classNXM1<<16 | 125<<9 | 2
)

// Neighbour discovery fields of Open vSwitch (ovs-fields(7), ERICOXM_OF).
const (
	FieldNDReserved    Field = classERIC<<16 | 1<<9 | 4
	FieldNDOptionsType Field = classERIC<<16 | 2<<9 | 1
)

// Packet registers: pairs of 32-bit registers (spec 1.5, 7.2.3.10).
const (
	FieldXReg0 Field = classPacketReg<<16 | 0<<9 | 8
	FieldXReg1 Field = classPacketReg<<16 | 1<<9 | 8
	FieldXReg2 Field = classPacketReg<<16 | 2<<9 | 8
	FieldXReg3 Field = classPacketReg<<16 | 3<<9 | 8
	FieldXReg4 Field = classPacketReg<<16 | 4<<9 | 8
	FieldXReg5 Field = classPacketReg<<16 | 5<<9 | 8
	FieldXReg6 Field = classPacketReg<<16 | 6<<9 | 8
	FieldXReg7 Field = classPacketReg<<16 | 7<<9 | 8
)

// Fields of the Open Networking Foundation's extensions to 1.3.
const (
	FieldTCPFlags     Field = ONF<<32 | classExperimenter<<16 | 42<<9 | 2
	FieldActsetOutput Field = ONF<<32 | classExperimenter<<16 | 43<<9 | 4
)
