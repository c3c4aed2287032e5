// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

const again = 300 * time.Millisecond // between two datagrams

// ask prints the name of who answers at the address; tcp asks once and leaves
// the patience to the kernel, udp asks again and again.
func ask(network, address string, wait time.Duration) error {
	if network == "udp" {
		return askUDP(address, time.Now().Add(wait))
	}
	conn, err := net.DialTimeout(network, address, wait)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	fmt.Print(line)
	return err
}

func askUDP(address string, deadline time.Time) error {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	b := make([]byte, 2000)
	for time.Now().Before(deadline) {
		if _, err := conn.Write([]byte("who")); err != nil {
			return err
		}
		if err := conn.SetReadDeadline(time.Now().Add(again)); err != nil {
			return err
		}
		n, err := conn.Read(b)
		if err == nil {
			name, _, _ := strings.Cut(string(b[:n]), " ")
			fmt.Println(name)
			return nil
		}
		if errors.Is(err, syscall.EHOSTUNREACH) { // prohibited, or nobody there; a closed port may open yet
			return err
		}
	}
	return os.ErrDeadlineExceeded
}
