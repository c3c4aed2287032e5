// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/mirror"
)

// The model hears the names of networks that this host has alone, and the fabric
// nothing of them.
func TestNetworksOfThisHostAreNamed(t *testing.T) {
	h := newHost(t).start()
	for name, labels := range map[string]map[string]string{
		"back": {"team": "blue"}, "large": {"x": strings.Repeat("x", linkspan.MaxLabelBytes)},
	} {
		o := mirror.CreateOptions(network(0, name, "172.18.0.0/24"))
		o.Driver, o.Labels = mirror.BridgeDriver, labels
		if _, err := h.docker.create(t.Context(), name, o); err != nil {
			t.Fatal(err)
		}
		h.eventually(name+" is named", func() bool {
			n, err := h.model.Network(h.docker.idOf(name))
			return err == nil && n.Name == name && (maps.Equal(n.Labels, labels) || name == "large" && n.Labels == nil)
		})
	}
	h.looks(2)
	if networks := h.fabric.Networks(); len(networks) != 0 {
		t.Errorf("the fabric has %v", networks)
	}
	h.noEvents()
}
