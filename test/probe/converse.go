// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	beat    = 100 * time.Millisecond
	silence = 2 * time.Minute // a connection silent for so long is broken
	late    = 50              // beats after which a datagram is lost
)

// Progress is what a conversation has come to, as its file tells.
type Progress struct {
	TCP    int    `json:"tcp"`    // lines that came back, in order
	UDP    int    `json:"udp"`    // datagrams that came back
	Lost   int    `json:"lost"`   // datagrams that did not in time
	Broken string `json:"broken"` // what ended the connection
}

// conversation is one TCP connection, and datagrams beside it.
type conversation struct {
	file string

	mu      sync.Mutex
	done    Progress
	pending map[int]bool // datagrams under way
}

// converse talks until the connection breaks.
func converse(address, file string) error {
	c := &conversation{file: file, pending: make(map[int]bool)}
	stream, err := net.DialTimeout("tcp", address, 20*time.Second)
	if err != nil {
		return c.end(err)
	}
	defer stream.Close()
	lines := bufio.NewReader(stream)
	if _, err := lines.ReadString('\n'); err != nil {
		return c.end(err)
	}
	datagrams, err := net.Dial("udp", address)
	if err != nil {
		return c.end(err)
	}
	defer datagrams.Close()
	failed := make(chan error, 2)
	go func() { failed <- c.stream(stream, lines) }()
	go c.receive(datagrams)
	go func() { failed <- c.send(datagrams) }()
	return c.end(<-failed)
}

func (c *conversation) stream(conn net.Conn, lines *bufio.Reader) error {
	for i := 1; ; i++ {
		if err := conn.SetDeadline(time.Now().Add(silence)); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(conn, i); err != nil {
			return err
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		if line != fmt.Sprintln(i) {
			return fmt.Errorf("said %d and heard %q", i, line)
		}
		if err := c.tell(func(p *Progress) { p.TCP = i }); err != nil {
			return err
		}
		time.Sleep(beat)
	}
}

func (c *conversation) send(conn net.Conn) error {
	for i := 1; ; i++ {
		c.mu.Lock()
		c.pending[i] = true
		if c.pending[i-late] {
			delete(c.pending, i-late)
			c.done.Lost++
		}
		c.mu.Unlock()
		// A refusal, as by a container that is gone, is a loss like any other.
		_, _ = fmt.Fprint(conn, i)
		time.Sleep(beat)
	}
}

func (c *conversation) receive(conn net.Conn) {
	b := make([]byte, 200)
	for {
		n, err := conn.Read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		_, number, _ := strings.Cut(string(b[:n]), " ")
		i, err := strconv.Atoi(number)
		c.mu.Lock()
		if err == nil && c.pending[i] {
			delete(c.pending, i)
			c.done.UDP++
		}
		c.mu.Unlock()
	}
}

// tell writes the progress; a reader never sees half of it.
func (c *conversation) tell(change func(*Progress)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.done)
	text, err := json.Marshal(c.done)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.file+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(c.file+".new", c.file)
}

func (c *conversation) end(err error) error {
	return errors.Join(err, c.tell(func(p *Progress) { p.Broken = err.Error() }))
}
