// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// sendFrames puts whole Ethernet frames on an interface, as packet(7) lets who
// has CAP_NET_RAW.
func sendFrames(name string, texts []string) error {
	nic, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return fmt.Errorf("packet socket: %w", err)
	}
	defer unix.Close(fd)
	for _, text := range texts {
		frame, err := hex.DecodeString(text)
		if err != nil {
			return err
		}
		if err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: nic.Index}); err != nil {
			return fmt.Errorf("send frame: %w", err)
		}
	}
	return nil
}
