// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Size is how much there is of everything.
type Size struct {
	Switches int // 1 to 4094
	Hosts    int // on each switch, 2 to 4094
}

// hostBits of an address are the host's number, the 12 above the switch's.
const hostBits = 12

// Validate says whether the numbers can be had.
func (s Size) Validate() error {
	const most = 1<<hostBits - 2
	if s.Switches < 1 || s.Switches > most || s.Hosts < 2 || s.Hosts > most {
		return fmt.Errorf("%d switches with %d hosts: 1 to %d with 2 to %d are possible", s.Switches, s.Hosts, most, most)
	}
	return nil
}

// host returns host p of switch s, both counted from 1.
func host(s, p int) ofload.Host {
	n := s<<hostBits | p
	a, b, c := byte(n>>16), byte(n>>8), byte(n)
	return ofload.Host{Addr: netip.AddrFrom4([4]byte{10, a, b, c}), MAC: openflow.MAC{0x02, 0, 0, a, b, c}, Port: uint32(p)}
}

// stranger returns a host that is on no switch.
func stranger() ofload.Host { return host(1<<hostBits-1, 1) }

// maxPairs is how many pairs one switch asks about.
const maxPairs = 4096

// pairs returns pairs of different hosts 1 to n, none twice nor turned round,
// in an order that has nothing to do with their numbers but is always the same.
func pairs(n int) [][2]int {
	var list [][2]int
	for d := 1; d < n && len(list) < maxPairs; d++ {
		for i := 1; i <= n-d && len(list) < maxPairs; i++ {
			if d%2 == 0 {
				list = append(list, [2]int{i, i + d})
			} else {
				list = append(list, [2]int{i + d, i})
			}
		}
	}
	shuffle(list)
	return list
}

// crossings returns pairs of a host 1 to n here and one there, whose numbers
// add up to an even or an odd number: the other half is for the other side to
// ask about.
func crossings(n, odd int) [][2]int {
	var list [][2]int
	for d := 0; d < n && len(list) < maxPairs; d++ {
		for i := 1; i <= n && len(list) < maxPairs; i++ {
			if j := (i+d-1)%n + 1; (i+j)%2 == odd {
				list = append(list, [2]int{i, j})
			}
		}
	}
	shuffle(list)
	return list
}

func shuffle(list [][2]int) {
	random := rand.New(rand.NewPCG(7, uint64(len(list))))
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}
