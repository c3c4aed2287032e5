// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"
)

// asksFrom is the question from which address it comes.
const asksFrom = "from"

func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return strings.TrimPrefix(host, "::ffff:")
}

// from prints from which address who answers at an address is asked.
func from(network, address string) error {
	const patience = 10 * time.Second
	conn, err := net.DialTimeout(network, address, patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	lines := bufio.NewReader(conn)
	if network == "tcp" {
		if _, err := lines.ReadString('\n'); err != nil { // the name
			return err
		}
		if _, err := fmt.Fprintln(conn, asksFrom); err != nil {
			return err
		}
		line, err := lines.ReadString('\n')
		fmt.Print(line)
		return err
	}
	if _, err := fmt.Fprint(conn, asksFrom); err != nil {
		return err
	}
	b := make([]byte, 1000)
	n, err := conn.Read(b)
	_, seen, _ := strings.Cut(string(b[:n]), " ")
	fmt.Println(seen)
	return err
}
