// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// firstPort is the source port of row 0: a packet tells by it of which row it is.
const firstPort = 20000

// party takes part in rows of the table of verdicts: it answers whatever comes, sends
// what it is told to, and says what it has seen of which row.
type party struct {
	out io.Writer

	mu   sync.Mutex
	said map[string]bool
	raw  map[uint8]net.PacketConn // by protocol
}

// rows runs until in ends. The ports, as in tcp/80, are those that answer. Lines of in
// are
//
//	send NUMBER ADDRESS PROTOCOL PORT
//	stop                                 no row is sent any more
//
// and each line that it prints is a row's number and what was seen: it arrived, it was
// answered, it was rejected; or "stopped".
func rows(nic string, ports []string, in io.Reader, out io.Writer) error {
	p := &party{out: out, said: make(map[string]bool), raw: make(map[uint8]net.PacketConn)}
	for _, port := range ports {
		if err := p.listen(port); err != nil {
			return err
		}
	}
	failed := make(chan error, 2)
	go func() { failed <- p.watch(nic) }()
	go func() { failed <- p.obey(in) }()
	p.print("ready\n")
	return <-failed
}

// obey does what the lines say.
func (p *party) obey(in io.Reader) error {
	var sending sync.WaitGroup
	end := make(chan struct{}) // closed to have nothing sent any more
	for lines := bufio.NewScanner(in); lines.Scan(); {
		words := strings.Fields(lines.Text())
		switch {
		case len(words) == 1 && words[0] == "stop":
			close(end)
			sending.Wait()
			end = make(chan struct{})
			p.print("stopped\n")
		case len(words) == 5 && words[0] == "send":
			var r row
			if _, err := fmt.Sscan(strings.Join(words[1:], " "), &r.number, &r.to, &r.protocol, &r.port); err != nil {
				return err
			}
			until := end
			sending.Go(func() { p.send(until, r) })
		default:
			return fmt.Errorf("%q is not understood", words)
		}
	}
	return nil
}

// row is a packet to send.
type row struct {
	number   uint16
	to       address
	protocol uint8
	port     uint16 // of ICMP the type
}

// address is one that Sscan reads.
type address struct{ netip.Addr }

func (a *address) Scan(s fmt.ScanState, _ rune) error {
	word, err := s.Token(true, nil)
	if err != nil {
		return err
	}
	a.Addr, err = netip.ParseAddr(string(word))
	return err
}

// say prints what was seen of a row, once.
func (p *party) say(number uint16, what string) {
	line := fmt.Sprintln(number, what)
	p.mu.Lock()
	said := p.said[line]
	p.said[line] = true
	p.mu.Unlock()
	if !said {
		p.print(line)
	}
}

// print prints a line, one at a time.
func (p *party) print(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprint(p.out, line)
}

// listen answers at a port, as in tcp/80.
func (p *party) listen(text string) error {
	network, port, _ := strings.Cut(text, "/")
	if network == "tcp" {
		l, err := net.Listen("tcp4", ":"+port)
		if err != nil {
			return err
		}
		go accept(l)
		return nil
	}
	c, err := net.ListenPacket("udp4", ":"+port)
	if err != nil {
		return err
	}
	go echo(c)
	return nil
}

// accept takes connections and keeps them until the other end goes.
func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(io.Discard, c)
		}()
	}
}

func echo(c net.PacketConn) {
	b := make([]byte, 100)
	for {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		if number, kind, ok := untoken(b[:n]); ok && kind == asks {
			_, _ = c.WriteTo(token(number, answers), from) // one that is lost is asked for again
		}
	}
}

// repeat sends until the end or until it is answered: what is lost at first may only
// have been early.
func repeat(end <-chan struct{}, send func() (answered bool)) {
	for !send() {
		select {
		case <-end:
			return
		case <-time.After(again):
		}
	}
}
