// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/linkspan/linkspan"
)

// DefaultDevice is the name of the macvlan child.
const DefaultDevice = "lsdx"

// Config says what the port must be. Number, Local and Log are needed.
type Config struct {
	Number linkspan.ChassisID // of this chassis
	Local  netip.Addr         // its underlay address; the link that has it is the child's parent
	NIC    string             // a link given for this alone, used instead of a child
	Device string             // name of the child; default lsdx
	Fabric uint64             // probes of another fabric's chassis are not answered
	// Large says that the datapath takes packets larger than a frame, as the
	// kernel makes of several that it received.
	Large bool
	Log   *slog.Logger
}

// Default returns c with its zero fields filled.
func (c Config) Default() Config {
	if c.Device == "" {
		c.Device = DefaultDevice
	}
	c.Local = c.Local.Unmap()
	return c
}

// Validate says whether c can be realised.
func (c Config) Validate() error {
	switch {
	case c.Number == 0:
		return invalid("no chassis number is given")
	case !c.Local.IsValid() || c.Local.IsUnspecified() || c.Local.IsMulticast():
		return invalid("the underlay address %q is not a host's", c.Local)
	case len(c.Device) > 15:
		return invalid("device name %q has more than 15 bytes", c.Device)
	case c.Log == nil:
		return invalid("no log is given")
	}
	return nil
}

func invalid(format string, args ...any) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...)}
}
