// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"cmp"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/option"
)

// OptionVNI gives a network its VNI. Docker's overlay driver takes a list, as
// its networks may have several subnets; here it has one element.
const OptionVNI = "com.docker.network.driver.overlay.vxlanid_list"

// config is the options of a network.
type config struct {
	vni    uint32 // 0: not known yet
	mtu    int    // bytes, asked for; 0: what fits
	prefix string
	limits linkspan.Limits // of endpoints that have none of their own
}

func (d *Driver) read(n cnm.Network) (config, error) {
	r := option.Read("network", n.Options)
	c := config{
		vni:    uint32(cmp.Or(r.Int(OptionVNI, 0, 1, int(linkspan.MaxNetworkID)), int(n.Fabric))),
		mtu:    cmp.Or(r.Int(option.MTU, 0, linkspan.MinMTU, linkspan.MaxMTU), n.MTU),
		prefix: r.Prefix(option.Interface, "eth"),
		limits: r.Limits(n.Limits),
	}
	if d.options.Numbered && n.Options[OptionVNI] != "" {
		r.Refuse("option %s is not to be given: the VNI of a network is its number in the fabric", OptionVNI)
	}
	if n.Own && c.vni == 0 && !d.options.Numbered { // nobody will bind it
		r.Refuse("the network has no VNI: give one that is the same on all hosts, as in -o %s=42", OptionVNI)
	}
	return c, r.Done()
}

// conflict refuses a VNI that another network has, unless both stand for the same
// one of the fabric.
func (d *Driver) conflict(n network) error {
	for _, other := range d.networks {
		if other.ID != n.ID && other.vni == n.vni && n.vni != 0 && (n.Fabric == 0 || n.Fabric != other.Fabric) {
			return &linkspan.Error{
				Code: linkspan.Conflict, Message: fmt.Sprintf("network %.12s has VNI %d already", other.ID, n.vni),
				Hint: "give another one with -o " + OptionVNI,
			}
		}
	}
	return nil
}

func invalid(format string, args ...any) *linkspan.Error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...)}
}
