// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/ether"
	"github.com/linkspan/linkspan/wire/packet"
)

// Telling returns the part of a host that tells neighbours which addresses are here
// now: a device that the bridge has made anew has another MAC, and who knows the old one would wait for
// half a minute. It stands behind what has frames pass. (Of IPv6 the kernel tells by itself.)
func (l *Links) Telling() config.Host { return telling{l} }

// telling announces addresses (RFC 5227, 2.3). That nobody could be told is no error.
type telling struct{ *Links }

var _ config.Host = telling{}

// Plan says which addresses have come.
func (l telling) Plan(_ context.Context, old, new *tree.Tree) (config.Plan, error) {
	var do, undo []device
	for _, c := range l.changes(old, new) {
		if d := c.is.news(c.was); d.said() {
			do = append(do, d)
		}
		if d := c.was.news(c.is); d.said() {
			undo = append(undo, d)
		}
	}
	if len(do)+len(undo) == 0 {
		return &plan{}, nil
	}
	again := false
	return &plan{all: true, steps: []step{{
		do: func(ctx context.Context) error { l.told(l.tell(ctx, do)); return nil },
		undo: func(ctx context.Context) error {
			err := l.tell(ctx, undo)
			if again {
				l.told(err)
				return nil
			}
			again = err != nil
			return err // the devices come back when all else is undone, and then it is tried again
		},
	}}}, nil
}

func (l telling) told(err error) {
	if err != nil {
		l.log.Warn("neighbours are not told of addresses", slog.Any("error", err))
	}
}

// news returns a device with the IPv4 addresses that it has not had; all of one that was down.
func (d device) news(was device) device {
	d.addresses = slices.DeleteFunc(slices.Clone(d.addresses), func(a netip.Prefix) bool {
		return a.Addr().Is6() || was.up && was.has(a)
	})
	if !d.up || len(d.addresses) == 0 {
		return device{}
	}
	return d
}

func (l telling) tell(ctx context.Context, all []device) error {
	wrong := []error{ctx.Err()}
	for _, d := range all {
		if err := l.announce(d); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", d.name, err))
		}
	}
	return errors.Join(wrong...)
}

func (l telling) announce(d device) error {
	at, err := l.handle.LinkByName(d.name)
	if err != nil {
		return err
	}
	mac := at.Attrs().HardwareAddr
	if len(mac) != len(packet.MAC{}) {
		return nil // no neighbours have it for a MAC
	}
	f, err := ether.Open(d.name, unix.ETH_P_ARP)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, a := range d.addresses {
		if _, err := f.Write(packet.AppendARPRequest(nil, packet.MAC(mac), a.Addr(), a.Addr())); err != nil {
			return fmt.Errorf("announce %s: %w", a.Addr(), err)
		}
	}
	return nil
}

// Drift is told by the part that gives the addresses.
func (l telling) Drift(context.Context, *tree.Tree) ([]config.Drift, error) { return nil, nil }
