// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/netns"
)

// The program's second part: in containers it is what busybox has no applet for.
//
//	probe offloads eth0                    print which offloads are on
//	probe expire 10.7.0.3 5000             send so many datagrams whose time to live is 1
func roles() map[string]func([]string) error {
	return map[string]func([]string) error{"offloads": offloads, "expire": expire}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		if role, ok := roles()[os.Args[1]]; ok {
			if err := role(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func offloads(args []string) error {
	on, err := netns.Offloads(args[0])
	fmt.Println(strings.Join(on, " "))
	return err
}

// expire prints how long it took to send.
func expire(args []string) error {
	var count int
	if _, err := fmt.Sscan(args[1], &count); err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var setting error
	if err := raw.Control(func(fd uintptr) { setting = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TTL, 1) }); err != nil {
		return err
	}
	if setting != nil {
		return setting
	}
	to := &net.UDPAddr{IP: net.ParseIP(args[0]), Port: 9}
	began := time.Now()
	for range count {
		// An answer to an earlier one may come back as an error.
		_, _ = conn.WriteToUDP([]byte("x"), to)
	}
	fmt.Println(time.Since(began))
	return nil
}
