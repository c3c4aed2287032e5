// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// family is the half of the filter that serves one IP version.
type family struct {
	set           *nftables.Set
	proto         byte
	offset, bytes uint32 // of the source address in the IP header
}

func families() [2]family {
	return [2]family{
		{peerSet("peers4", nftables.TypeIPAddr), unix.NFPROTO_IPV4, 12, 4},
		{peerSet("peers6", nftables.TypeIP6Addr), unix.NFPROTO_IPV6, 8, 16},
	}
}

func peerSet(name string, addr nftables.SetDatatype) *nftables.Set {
	return &nftables.Set{Table: table(), Name: name, Concatenation: true,
		KeyType: nftables.MustConcatSetType(addr, nftables.TypeEtherAddr)}
}

// elements returns those of the peers that have an address of the family.
func (f family) elements(peers []Peer) []nftables.SetElement {
	var all []nftables.SetElement
	for _, p := range peers {
		if len(p.Underlay.AsSlice()) == int(f.bytes) {
			all = append(all, element(p))
		}
	}
	return all
}

func setFor(p Peer) *nftables.Set {
	f := families()
	if p.Underlay.Is4() {
		return f[0].set
	}
	return f[1].set
}

// element is the peer's outer address, then what opens the inner source
// addresses of its frames, padded to whole registers.
func element(p Peer) nftables.SetElement {
	s := sender(p.MAC)
	return nftables.SetElement{Key: append(p.Underlay.AsSlice(), s[0], s[1], s[2], 0, 0, 0, 0, 0)}
}

// sender returns the bytes that open the inner source address of every frame
// from the chassis with that MAC address: a fixed one and its number.
func sender(mac linkspan.MAC) [3]byte { return [3]byte{0x0a, mac[4], mac[5]} }

// admit lets a peer in; one that is in already is fine.
func admit(p Peer) error {
	return change(p, (*nftables.Conn).SetAddElements)
}

// ban shuts a peer out; one that is out already is fine.
func ban(p Peer) error {
	err := change(p, (*nftables.Conn).SetDeleteElements)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

func change(p Peer, how func(*nftables.Conn, *nftables.Set, []nftables.SetElement) error) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	set := setFor(p)
	if err := how(conn, set, []nftables.SetElement{element(p)}); err != nil {
		return fmt.Errorf("peer %s at %s: %w", p.MAC, p.Underlay, err)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("peer %s at %s in nftables set %s: %w", p.MAC, p.Underlay, set.Name, err)
	}
	return nil
}

// alignSources makes the admitted peers exactly those, by difference, in one
// transaction.
func alignSources(cfg Config, peers []Peer) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	set := setFor(Peer{Underlay: cfg.Local})
	have, err := conn.GetSetElements(set)
	if err != nil {
		return fmt.Errorf("read nftables set %s: %w", set.Name, err)
	}
	missing := make(map[string]bool, len(peers))
	for _, p := range peers {
		missing[string(element(p).Key)] = true
	}
	var add, del []nftables.SetElement
	for _, e := range have {
		if !missing[string(e.Key)] {
			del = append(del, nftables.SetElement{Key: e.Key})
		}
		delete(missing, string(e.Key))
	}
	for key := range missing {
		add = append(add, nftables.SetElement{Key: []byte(key)})
	}
	return replaceSources(conn, set, add, del)
}

func replaceSources(conn *nftables.Conn, set *nftables.Set, add, del []nftables.SetElement) error {
	if len(add)+len(del) == 0 {
		return nil
	}
	var err error
	if len(add) > 0 {
		err = conn.SetAddElements(set, add)
	}
	if len(del) > 0 {
		err = errors.Join(err, conn.SetDeleteElements(set, del))
	}
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		return fmt.Errorf("change nftables set %s: %w", set.Name, err)
	}
	return nil
}

// dropped adds up the counters around the tunnel's port.
func dropped(ctx context.Context) (uint64, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	conn, err := nftables.New()
	if err != nil {
		return 0, fmt.Errorf("nftables: %w", err)
	}
	var sum uint64
	for _, chain := range guards() {
		rules, err := conn.GetRules(table(), chain)
		if err != nil {
			return 0, fmt.Errorf("read nftables chain %s: %w", chain.Name, err)
		}
		for _, r := range rules {
			for _, e := range r.Exprs {
				if c, ok := e.(*expr.Counter); ok {
					sum += c.Packets
				}
			}
		}
	}
	return sum, nil
}
