// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/userdata"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// held is what the kernel's table holds.
type held struct {
	texts   map[string][]string // comments of the rules, by chain
	in, out map[string]string
	ports   []string
}

// read reads the table; without one all is empty.
func read() (held, error) {
	h := held{texts: map[string][]string{}, in: map[string]string{}, out: map[string]string{}}
	conn, err := open()
	if err != nil {
		return h, err
	}
	chains, err := conn.ListChainsOfTableFamily(nftables.TableFamilyINet)
	if err != nil {
		return h, fmt.Errorf("list chains of nftables: %w", err)
	}
	for _, c := range chains {
		if c.Table.Name != tableName {
			continue
		}
		if err := h.chain(conn, c); err != nil {
			return h, fmt.Errorf("read chain %s of nftables: %w", c.Name, err)
		}
	}
	if len(h.texts) == 0 {
		return h, nil
	}
	return h, h.sets(conn)
}

func (h *held) chain(conn *nftables.Conn, c *nftables.Chain) error {
	rules, err := conn.GetRules(c.Table, c)
	h.texts[c.Name] = nil
	for _, r := range rules {
		comment, _ := userdata.GetString(r.UserData, userdata.TypeComment) // none is empty
		h.texts[c.Name] = append(h.texts[c.Name], comment)
	}
	return err
}

func (h *held) sets(conn *nftables.Conn) error {
	table := &nftables.Table{Family: nftables.TableFamilyINet, Name: tableName}
	for name, into := range map[string]map[string]string{inChain: h.in, outChain: h.out, portsSet: nil} {
		set, err := conn.GetSetByName(table, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read set %s of nftables: %w", name, err)
		}
		elements, err := conn.GetSetElements(set)
		if err != nil {
			return fmt.Errorf("read set %s of nftables: %w", name, err)
		}
		for _, e := range elements {
			device := string(bytes.TrimRight(e.Key, "\x00"))
			if into == nil {
				h.ports = append(h.ports, device)
				continue
			}
			into[device] = jump(e)
		}
	}
	slices.Sort(h.ports)
	return nil
}

// jump returns the list that an element leads to. Its verdict is attributes, too
// (linux/netfilter/nf_tables.h, nft_verdict_attributes).
func jump(e nftables.SetElement) string {
	code, chain := int32(0), ""
	attributes, err := netlink.NewAttributeDecoder(e.Val)
	if err != nil {
		return strange
	}
	attributes.ByteOrder = binary.BigEndian
	for attributes.Next() {
		switch attributes.Type() {
		case unix.NFTA_VERDICT_CODE:
			code = int32(attributes.Uint32())
		case unix.NFTA_VERDICT_CHAIN:
			chain = attributes.String()
		}
	}
	list, ours := strings.CutPrefix(chain, listPrefix)
	if attributes.Err() != nil || code != unix.NFT_JUMP || !ours {
		return strange
	}
	return list
}

// strange stands for a verdict that is none of ours.
const strange = "(something else)"

func (h held) is(r rules) bool {
	return slices.Equal(h.ports, r.ports) && maps.Equal(h.in, r.in) && maps.Equal(h.out, r.out) &&
		maps.EqualFunc(h.texts, r.texts(), slices.Equal[[]string])
}
