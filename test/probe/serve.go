// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
)

// server says its host's name to everybody and repeats what it is told. It
// remembers every datagram: "seen TEXT" on a connection asks for one. "from" asks from
// which address it is asked.
type server struct {
	name string

	mu   sync.Mutex
	seen map[string]bool
}

func serve(address string) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	s := &server{name: name, seen: make(map[string]bool)}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	packets, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- s.accept(l) }()
	go func() { failed <- s.receive(packets) }()
	return <-failed
}

func (s *server) accept(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go s.talk(conn)
	}
}

func (s *server) talk(conn net.Conn) {
	defer conn.Close()
	fmt.Fprintln(conn, s.name)
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		answer := lines.Text()
		if answer == asksFrom {
			answer = hostOf(conn.RemoteAddr())
		}
		if text, asked := strings.CutPrefix(answer, "seen "); asked {
			s.mu.Lock()
			answer = fmt.Sprint(s.seen[text])
			s.mu.Unlock()
		}
		if _, err := fmt.Fprintln(conn, answer); err != nil {
			return
		}
	}
}

func (s *server) receive(packets net.PacketConn) error {
	b := make([]byte, 2000)
	for {
		n, from, err := packets.ReadFrom(b)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.seen[string(b[:n])] = true
		s.mu.Unlock()
		text := string(b[:n])
		if text == asksFrom {
			text = hostOf(from)
		}
		// One that cannot be answered is asked again.
		_, _ = packets.WriteTo([]byte(s.name+" "+text), from)
	}
}
