// SPDX-License-Identifier: Apache-2.0

package lldp

import (
	"net"
	"os"
	"time"

	"github.com/linkspan/linkspan/ovs/ether"
	"github.com/linkspan/linkspan/wire/packet"
)

// socket is a device of this network namespace.
type socket struct {
	*os.File
	mac packet.MAC
}

var _ Line = socket{}

// writeLimit is how long a device may take a frame: a queue that does not move holds up
// nobody else.
const writeLimit = 100 * time.Millisecond

// Write sends a frame.
func (s socket) Write(frame []byte) (int, error) {
	if err := s.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return 0, err
	}
	return s.File.Write(frame)
}

// MAC returns the address of the device when it was opened.
func (s socket) MAC() packet.MAC { return s.mac }

func openLine(device string) (Line, error) {
	mac, _ := address(device) // none is zero, and the next line fails
	f, err := ether.Open(device, packet.EtherTypeLLDP)
	if err != nil {
		return nil, err
	}
	return socket{f, mac}, nil
}

// address returns the Ethernet address of a device.
func address(device string) (packet.MAC, bool) {
	link, err := net.InterfaceByName(device)
	if err != nil || len(link.HardwareAddr) != len(packet.MAC{}) {
		return packet.MAC{}, false
	}
	return packet.MAC(link.HardwareAddr), true
}
