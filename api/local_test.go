// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// The digest of a record is that of what arrives, or a switch would tell the same
// for ever.
func TestLocalsCrossTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		network := linkspan.LocalNetwork{
			ID: text.Draw(t, "id"), Name: text.Draw(t, "name"), Driver: text.Draw(t, "driver"), Internal: rapid.Bool().Draw(t, "internal"),
			Labels: labels.Draw(t, "labels"), Created: when.Draw(t, "created"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "subnets") {
			network.Subnets = append(network.Subnets, linkspan.LocalSubnet{
				Subnet: prefix.Filter(netip.Prefix.IsValid).Draw(t, "subnet"), Gateway: addr.Draw(t, "gateway"),
			})
		}
		m := sent(t, api.LocalNetworkToProto(&network, "h1"))
		gotNetwork, err := api.LocalNetworkFromProto(m)
		if err != nil || m.GetChassis() != "h1" {
			t.Fatalf("%v, of %s", err, m.GetChassis())
		}
		endpoint := linkspan.LocalEndpoint{
			ID: text.Draw(t, "endpoint"), Network: network.ID, Container: text.Draw(t, "container"), Address: addr.Draw(t, "address"),
			Address6: rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("fd00::2")}).Draw(t, "address6"), MAC: mac.Draw(t, "mac"),
			Aliases: rapid.SliceOfN(text, 0, 3).Draw(t, "aliases"), Labels: labels.Draw(t, "labels"), Created: when.Draw(t, "created"),
		}
		gotEndpoint, err := api.LocalEndpointFromProto(sent(t, api.LocalEndpointToProto(&endpoint)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(network, gotNetwork, sameAddresses) + cmp.Diff(endpoint, gotEndpoint, sameAddresses); diff != "" {
			t.Fatal(diff)
		}
		if network.Digest() != gotNetwork.Digest() || endpoint.Digest() != gotEndpoint.Digest() {
			t.Fatal("the digests differ")
		}
	})
}

func TestBadLocalsAreInvalid(t *testing.T) {
	_, badSubnet := api.LocalNetworkFromProto(&apiv1.LocalNetwork{Subnets: []*apiv1.LocalSubnet{{Subnet: "x"}}})
	_, badGateway := api.LocalNetworkFromProto(&apiv1.LocalNetwork{Subnets: []*apiv1.LocalSubnet{{Gateway: "x"}}})
	_, badMAC := api.LocalEndpointFromProto(&apiv1.LocalEndpoint{Mac: "01:00:5e:00:00:01"})
	_, badAddress := api.LocalEndpointFromProto(&apiv1.LocalEndpoint{Address6: "x"})
	for i, err := range []error{badSubnet, badGateway, badMAC, badAddress} {
		if err == nil || linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%d: got %v", i, err)
		}
	}
}
