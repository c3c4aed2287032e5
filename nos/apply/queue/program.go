// SPDX-License-Identifier: Apache-2.0

package queue

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// codes are the queues of packets, by code point.
type codes map[uint8]uint32

// The queueing discipline that Open vSwitch makes is 1:0, and of its queue N the class is
// 1:(N+1) (netdev-linux of Open vSwitch).
const discipline uint32 = 1 << 16

func class(queue uint32) uint32 { return discipline | (queue + 1) }

// instruction is one of the classic packet filter (tc-bpf(8)).
type instruction = unix.SockFilter

// program returns the filter that tells the class of a frame by its code point: 0, no class, of
// one that has none, which goes to the queue 0. A tag may stand before the packet.
func (c codes) program() []instruction {
	const (
		load16  = unix.BPF_LD | unix.BPF_H | unix.BPF_ABS
		index16 = unix.BPF_LD | unix.BPF_H | unix.BPF_IND
		index8  = unix.BPF_LD | unix.BPF_B | unix.BPF_IND
		offset  = unix.BPF_LDX | unix.BPF_IMM
		equals  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		jump    = unix.BPF_JMP | unix.BPF_JA
		shift   = unix.BPF_ALU | unix.BPF_RSH | unix.BPF_K
		mask    = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
		ret     = unix.BPF_RET | unix.BPF_K
	)
	list := []instruction{
		{Code: offset, K: 0},
		{Code: load16, K: 12},
		{Code: equals, K: 0x8100, Jf: 2},
		{Code: offset, K: 4},
		{Code: load16, K: 16},
		{Code: equals, K: 0x0800, Jt: 2},
		{Code: equals, K: 0x86dd, Jt: 4},
		{Code: ret, K: 0},
		{Code: index8, K: 15}, // IPv4: code point and two bits
		{Code: shift, K: 2},
		{Code: jump, K: 3},
		{Code: index16, K: 14}, // IPv6: version, code point, six bits
		{Code: shift, K: 6},
		{Code: mask, K: 0x3f},
	}
	for _, code := range slices.Sorted(maps.Keys(c)) {
		list = append(list, instruction{Code: equals, K: uint32(code), Jf: 1}, instruction{Code: ret, K: class(c[code])})
	}
	return append(list, instruction{Code: ret, K: 0})
}
