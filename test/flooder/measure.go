// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

const (
	patience = 3 * time.Second // for the first answer
	pause    = 2 * time.Millisecond
	lost     = 200 * time.Millisecond // without an answer a datagram is lost
)

// first prints how long the first datagram to the address took there and back.
func first(address string) error {
	conn, err := net.Dial("udp4", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	took, err := ask(conn, patience)
	if err == nil {
		fmt.Println(took.Microseconds())
	}
	return err
}

// rtt prints how long each datagram took, "lost" for one without an answer.
func rtt(address string, end time.Time) error {
	conn, err := net.Dial("udp4", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	for time.Now().Before(end) {
		took, err := ask(conn, lost)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			fmt.Println("lost")
		case err != nil:
			return err
		default:
			fmt.Println(took.Microseconds())
		}
		time.Sleep(pause)
	}
	return nil
}

func ask(conn net.Conn, wait time.Duration) (time.Duration, error) {
	var answer [200]byte
	begin := time.Now()
	if err := conn.SetReadDeadline(begin.Add(wait)); err != nil {
		return 0, err
	}
	if _, err := conn.Write([]byte("who")); err != nil {
		return 0, err
	}
	_, err := conn.Read(answer[:])
	return time.Since(begin), err
}
