// SPDX-License-Identifier: Apache-2.0

package syslog

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running returns a sender that runs until the test ends.
func running(t *testing.T, o Options) *Sender {
	t.Helper()
	o.App = "linkspan"
	o.Hostname = func() (string, error) { return "edge1", nil }
	s := New(o)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s
}

// everything is a handler that takes all, and does nothing with it.
type everything struct{}

func (everything) Enabled(context.Context, slog.Level) bool  { return true }
func (everything) Handle(context.Context, slog.Record) error { return nil }
func (e everything) WithAttrs([]slog.Attr) slog.Handler      { return e }
func (e everything) WithGroup(string) slog.Handler           { return e }

var form = regexp.MustCompile(`^<(\d+)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z edge1 linkspan \d+ - - (.*)$`)

func says(t *testing.T, line, priority, text string) {
	t.Helper()
	m := form.FindStringSubmatch(line)
	if m == nil || m[1] != priority || m[2] != text {
		t.Errorf("got %q, want priority %s and %q", line, priority, text)
	}
}

// frame reads a message with its length before it.
func frame(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var n int
	if _, err := fmt.Fscanf(r, "%d ", &n); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, n)
	if _, err := io.ReadFull(r, line); err != nil {
		t.Fatal(err)
	}
	return string(line)
}

func accept(t *testing.T, l net.Listener) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(c)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestByUDP(t *testing.T) {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := running(t, Options{})
	to := slog.New(s.Beside(everything{}))
	to.Info("before there are servers")
	s.Send([]Server{{l.LocalAddr().String(), "udp"}})
	to.With("role", "switch").WithGroup("g").Warn("two\nlines", "level", 7)
	buffer := make([]byte, 4096)
	if err := l.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	n, _, err := l.ReadFrom(buffer)
	if err != nil {
		t.Fatal(err)
	}
	says(t, string(buffer[:n]), "28", `msg="two\nlines" role=switch g.level=7`)
}

func TestByTCPAndAgainAfterItsEnd(t *testing.T) {
	l := listen(t)
	s := running(t, Options{})
	to := slog.New(s.Beside(everything{}))
	s.Send([]Server{{l.Addr().String(), "tcp"}})
	to.Error("one")
	first, r := accept(t, l)
	says(t, frame(t, r), "27", "msg=one")
	first.Close()
	_, r = accept(t, l) // it has seen the end, and is there again before there is something to say
	to.Debug("two")
	says(t, frame(t, r), "31", "msg=two")
	s.Send(nil)
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("the connection goes on: %v", err)
	}
}

// Between two looks of Run the server went and came: it has another queue, of which Run knows nothing.
func TestAServerThatWentAndCame(t *testing.T) {
	l := listen(t)
	s := running(t, Options{})
	to := slog.New(s.Beside(everything{}))
	server := []Server{{l.Addr().String(), "tcp"}}
	s.Send(server)
	accept(t, l)
	s.mu.Lock() // Run does not look meanwhile
	s.queues = map[Server]*queue{}
	s.mu.Unlock()
	s.Send(server)
	to.Error("one")
	_, r := accept(t, l)
	says(t, frame(t, r), "27", "msg=one")
}

func TestByTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.StartTLS()
	defer server.Close()
	l := tls.NewListener(listen(t), &tls.Config{Certificates: server.TLS.Certificates})
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	s := running(t, Options{Roots: pool})
	to := slog.New(s.Beside(everything{}))
	s.Send([]Server{{l.Addr().String(), "tls"}})
	to.Info("secret")
	_, r := accept(t, l)
	says(t, frame(t, r), "30", "msg=secret")
}

func TestOnlyToServersThatAreTrusted(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	complaints := make(chan string, 100)
	s := running(t, Options{Log: slog.New(slog.NewTextHandler(lines(complaints), nil))})
	s.Send([]Server{{server.Listener.Addr().String(), "tls"}})
	if line := <-complaints; !strings.Contains(line, "certificate") {
		t.Errorf("got %q", line)
	}
}

// lines is a writer of lines.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

func TestWhoLogsDoesNotWaitAndWhatIsLostIsCounted(t *testing.T) {
	l := listen(t)
	s := New(Options{App: "linkspan", Hostname: func() (string, error) { return "edge1", nil }})
	s.Send([]Server{{l.Addr().String(), "tcp"}})
	to := slog.New(s.Beside(everything{}))
	for i := range waiting + 5 {
		to.Info("m", "i", i)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	defer func() { stop(); <-ended }()
	_, r := accept(t, l)
	says(t, frame(t, r), "28", `msg="messages were lost" lost=5`)
	for i := range waiting {
		says(t, frame(t, r), "30", fmt.Sprintf("msg=m i=%d", i))
	}
}

func TestMessagesAreCutAndClean(t *testing.T) {
	line := message{time.Now(), slog.LevelInfo, strings.Repeat("ä", mostBytes)}.format("a b\nc", "", 1)
	if len(line) > mostBytes || strings.ContainsAny(string(line), "\n\x00") || !strings.Contains(string(line), " abc - 1 - - ää") {
		t.Errorf("%d bytes: %.80q", len(line), line)
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("msg=x\n", "edge1")
	f.Add("\xff\x00", "")
	f.Fuzz(func(t *testing.T, text, host string) {
		line := message{time.Unix(0, 0), slog.LevelInfo, text}.format(host, "a", 1)
		if len(line) > mostBytes || strings.ContainsAny(string(line), "\n\r\x00") || len(strings.SplitN(string(line), " ", 8)) != 8 {
			t.Errorf("%q", line)
		}
	})
}
