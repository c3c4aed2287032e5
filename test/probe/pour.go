// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	lineEvery     = 5 * time.Millisecond // of text
	datagramEvery = 10 * time.Millisecond
	reportEvery   = 100 * time.Millisecond
	underway      = 64              // lines that have not come back
	settling      = 5 * time.Second // after the end, for what is under way
)

// Poured is what pour has come to.
type Poured struct {
	Lines         int64  `json:"lines"`         // that were sent on the connection
	Back          int64  `json:"back"`          // that came back, each as it was, in order
	Retransmitted uint32 `json:"retransmitted"` // segments, by the kernel
	Datagrams     int64  `json:"datagrams"`
	Answers       int64  `json:"answers"` // to different datagrams
	Missing       []int  `json:"missing"` // datagrams without an answer, at the end; not all of many
	Broken        string `json:"broken"`  // what ended the connection
	Done          bool   `json:"done"`    // it was told to end, and waited for what was under way
}

// pourer pours text through a connection to who repeats it, and counts datagrams.
type pourer struct {
	conn      *net.TCPConn
	datagrams net.Conn
	end       chan struct{} // closed when nothing more is sent

	lines, back, sent, answers atomic.Int64
	window                     chan string

	mu   sync.Mutex
	seen map[string]bool // the numbers that were answered
}

// pour pours until in ends, and prints a report now and then and at the end. The
// connection is from a port, if it is not 0.
func pour(port int, address string, in io.Reader, out io.Writer) error {
	dialer := net.Dialer{Timeout: 20 * time.Second, LocalAddr: &net.TCPAddr{Port: port}}
	conn, err := dialer.Dial("tcp4", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	datagrams, err := net.Dial("udp4", address)
	if err != nil {
		return err
	}
	defer datagrams.Close()
	p := &pourer{conn: conn.(*net.TCPConn), datagrams: datagrams, end: make(chan struct{}), window: make(chan string, underway), seen: make(map[string]bool)}
	broken := make(chan error, 2)
	go func() { broken <- p.write() }()
	go func() { broken <- p.read() }()
	go p.ask()
	go p.count()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		close(p.end)
	}()
	return p.report(out, broken)
}

// report prints what it has come to until all is done.
func (p *pourer) report(out io.Writer, broken <-chan error) error {
	print := json.NewEncoder(out)
	var failed error
	var deadline <-chan time.Time
	end := p.end
	for ticks := time.Tick(reportEvery); ; {
		done := false
		select {
		case err := <-broken:
			if err != nil && failed == nil {
				failed = err
			}
		case <-end:
			end, deadline = nil, time.After(settling)
			continue
		case <-deadline:
			done = true
		case <-ticks:
			done = end == nil && p.back.Load() == p.lines.Load() && p.answers.Load() == p.sent.Load()
		}
		now := p.now()
		if now.Done = done; done {
			now.Missing = p.missing()
		}
		if failed != nil {
			now.Broken = failed.Error()
		}
		if err := print.Encode(now); err != nil || done {
			return err
		}
	}
}

func (p *pourer) now() Poured {
	now := Poured{Back: p.back.Load(), Answers: p.answers.Load()}
	now.Lines, now.Datagrams = p.lines.Load(), p.sent.Load()
	if raw, err := p.conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
				now.Retransmitted = info.Total_retrans
			}
		})
	}
	return now
}

// write sends lines that nobody could guess, as long as not too many are under way.
func (p *pourer) write() error {
	for ticks := time.Tick(lineEvery); ; {
		select {
		case <-p.end:
			return nil
		case <-ticks:
		}
		line := fmt.Sprintf("%d %s", p.lines.Load()+1, strings.Repeat(strconv.FormatUint(rand.Uint64(), 36), 40))
		select {
		case <-p.end:
			return nil
		case p.window <- line:
		}
		p.lines.Add(1)
		if _, err := fmt.Fprintln(p.conn, line); err != nil {
			return err
		}
	}
}

// read compares what comes back; first comes the other's name.
func (p *pourer) read() error {
	lines := bufio.NewScanner(p.conn)
	lines.Scan()
	for lines.Scan() {
		if want := <-p.window; lines.Text() != want {
			return fmt.Errorf("%q came back as %q", want, lines.Text())
		}
		p.back.Add(1)
	}
	return fmt.Errorf("the connection ended: %w", orEOF(lines.Err()))
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// ask sends numbered datagrams.
func (p *pourer) ask() {
	for ticks := time.Tick(datagramEvery); ; {
		select {
		case <-p.end:
			return
		case <-ticks:
		}
		// One that is refused is a loss like any other.
		_, _ = fmt.Fprint(p.datagrams, p.sent.Add(1))
	}
}

// count counts the datagrams that came back, each once.
func (p *pourer) count() {
	b := make([]byte, 200)
	for {
		n, err := p.datagrams.Read(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		_, number, ok := strings.Cut(string(b[:n]), " ")
		p.mu.Lock()
		if err == nil && ok && !p.seen[number] {
			p.seen[number] = true
			p.answers.Add(1)
		}
		p.mu.Unlock()
	}
}

// missing returns the first of the datagrams that were not answered.
func (p *pourer) missing() (numbers []int) {
	const most = 20
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range int(p.sent.Load()) {
		if !p.seen[strconv.Itoa(i+1)] && len(numbers) < most {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}
