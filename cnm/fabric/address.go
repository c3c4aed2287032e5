// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"net/netip"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// Reserve leases an address of a network to this chassis: the given one, or any, of
// IPv4 when address is zero and of IPv6 when it is ::. container is its name where it is known, or "".
// It waits within ctx while the controller is away (code Unavailable then);
// other codes are the controller's: NotFound, Exists, Exhausted, Invalid.
func (f *Fabric) Reserve(ctx context.Context, network linkspan.NetworkID, address netip.Addr, container string) (netip.Addr, error) {
	request := &apiv1.ChassisServiceReserveRequest{Network: uint32(network), Container: container}
	if address.IsValid() {
		request.Address = address.String()
	}
	var got netip.Addr
	seen := f.snapshotCount()
	op := "reserve an address of network " + network.String()
	unsure, err := f.call(ctx, op, func(ctx context.Context) error {
		response, err := f.cfg.Client.Reserve(ctx, connect.NewRequest(request))
		if err != nil {
			return err
		}
		got, err = netip.ParseAddr(response.Msg.GetAddress())
		return err
	})
	if unsure {
		f.refollow() // what an unanswered try reserved shows in the next snapshot
	}
	if err != nil && unsure && address.IsValid() && !address.IsUnspecified() && f.isOurs(ctx, err, network, address, seen) {
		got, err = address, nil
	}
	if err != nil {
		return netip.Addr{}, err
	}
	f.note(linkspan.Endpoint{Network: network, Address: got, Chassis: f.cfg.Chassis, Container: container, Created: time.Now()})
	return got, nil
}

// isOurs says whether an address that is taken was taken by an earlier try of
// the same call: it waits for a snapshot after number seen and looks there.
func (f *Fabric) isOurs(ctx context.Context, err error, network linkspan.NetworkID, address netip.Addr, seen uint64) bool {
	if code := linkspan.CodeOf(err); code != linkspan.Exists && code != linkspan.InUse {
		return false
	}
	changed, stop := f.Changed()
	defer stop()
	wanted := linkspan.Endpoint{Network: network, Address: address}
	for {
		f.mu.Lock()
		e, found := f.stored[keyOf(&wanted)]
		fresh := f.connected && f.snapshots > seen
		f.mu.Unlock()
		if fresh {
			return found && !e.Joined()
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

// Attach stores an endpoint of this chassis, over what is stored of the same
// address. It is safe to repeat and waits as Reserve does.
func (f *Fabric) Attach(ctx context.Context, e linkspan.Endpoint) error {
	e.Chassis = f.cfg.Chassis
	message := api.EndpointToProto(&e, "", "")
	unsure, err := f.call(ctx, "attach "+e.Address.String(), func(ctx context.Context) error {
		_, err := f.cfg.Client.Attach(ctx, connect.NewRequest(&apiv1.ChassisServiceAttachRequest{Endpoint: message}))
		return err
	})
	if err == nil {
		f.note(e)
	} else if unsure {
		f.refollow() // it may be stored, and its port taken with it
	}
	return err
}

// Release frees an address; a free one is no error. It waits as Reserve does.
func (f *Fabric) Release(ctx context.Context, network linkspan.NetworkID, address netip.Addr) error {
	request := &apiv1.ChassisServiceReleaseRequest{Network: uint32(network), Address: address.String()}
	_, err := f.call(ctx, "release "+address.String(), func(ctx context.Context) error {
		_, err := f.cfg.Client.Release(ctx, connect.NewRequest(request))
		return err
	})
	if err == nil {
		f.forget(key{network, address.Unmap().String()})
	}
	return err
}

// note writes down what the controller now has stored.
func (f *Fabric) note(e linkspan.Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k := keyOf(&e)
	f.stored[k] = e
	f.touched[k] = struct{}{}
	delete(f.orphans, k)
	delete(f.released, k)
}

// forget writes down that the controller has it no more.
func (f *Fabric) forget(k key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.stored, k)
	delete(f.orphans, k)
	f.touched[k] = struct{}{}
	f.released[k] = time.Now()
}
