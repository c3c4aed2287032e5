// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/bench/process"
	"github.com/linkspan/linkspan/bench/stats"
)

// Result is what came of a load.
type Result struct {
	PerSecond   float64       `json:"per_second"`      // bits, round trips or connections
	Lasted      time.Duration `json:"lasted_ns"`       // the load, with what was not counted
	Busy        time.Duration `json:"busy_ns"`         // all processors of the machine meanwhile, whatever they did
	Median      time.Duration `json:"p50_ns,omitzero"` // of a round trip or a connection
	High        time.Duration `json:"p99_ns,omitzero"`
	Retransmits uint32        `json:"retransmits,omitzero"` // segments, of a stream
}

// settle is the time before the measurement in which the connection finds its
// pace.
const settle = 200 * time.Millisecond

// workers is how many connections are being made at a time.
const workers = 4

// Run puts a load on a server for a while. A first connection, which is not
// counted, has whatever is between find its way.
func Run(ctx context.Context, kind Kind, address string, d time.Duration) (Result, error) {
	if _, err := connectOnce(ctx, address); err != nil {
		return Result{}, err
	}
	before, err := process.Busy()
	if err != nil {
		return Result{}, err
	}
	r, err := put(ctx, kind, address, d)
	if err != nil {
		return Result{}, err
	}
	after, err := process.Busy()
	r.Busy = after - before
	return r, err
}

func put(ctx context.Context, kind Kind, address string, d time.Duration) (Result, error) {
	switch kind {
	case Stream:
		return stream(ctx, address, d)
	case Echo:
		return trips(ctx, address, d)
	case Connect:
		return connections(ctx, address, d)
	}
	return Result{}, fmt.Errorf("load %q does not exist", kind)
}

func begin(ctx context.Context, kind Kind, address string) (*net.TCPConn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte{kind[0]}); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// stream counts what the server has received, until it has all of it.
func stream(ctx context.Context, address string, d time.Duration) (r Result, err error) {
	conn, err := begin(ctx, Stream, address)
	if err != nil {
		return r, err
	}
	defer conn.Close()
	buffer, start := make([]byte, chunk), time.Now()
	for time.Since(start) < d {
		if _, err := conn.Write(buffer); err != nil {
			return r, err
		}
	}
	if err := conn.CloseWrite(); err != nil {
		return r, err
	}
	var total [8]byte
	if _, err := io.ReadFull(conn, total[:]); err != nil {
		return r, err
	}
	r.Lasted = time.Since(start)
	r.PerSecond = 8 * float64(binary.BigEndian.Uint64(total[:])) / r.Lasted.Seconds()
	r.Retransmits, err = retransmits(conn)
	return r, err
}

// retransmits asks the kernel (tcp(7), TCP_INFO).
func retransmits(conn *net.TCPConn) (n uint32, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		var info *unix.TCPInfo
		if info, failed = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); failed == nil {
			n = info.Total_retrans
		}
	})
	if err == nil {
		err = failed
	}
	return n, err
}

func trips(ctx context.Context, address string, d time.Duration) (r Result, err error) {
	conn, err := begin(ctx, Echo, address)
	if err != nil {
		return r, err
	}
	defer conn.Close()
	var took stats.Histogram
	var one [1]byte
	for start, done := time.Now(), 0; ; {
		sent := time.Now()
		if sent.Sub(start) >= settle+d {
			return result(&took, done, d), nil
		}
		if _, err := conn.Write(one[:]); err != nil {
			return r, err
		}
		if _, err := io.ReadFull(conn, one[:]); err != nil {
			return r, err
		}
		if sent.Sub(start) >= settle {
			took.Record(time.Since(sent))
			done++
		}
	}
}

func connections(ctx context.Context, address string, d time.Duration) (Result, error) {
	var (
		mu    sync.Mutex
		took  stats.Histogram
		done  int
		fault error
		busy  sync.WaitGroup
		start = time.Now()
	)
	for range workers {
		busy.Go(func() {
			for time.Since(start) < settle+d {
				began := time.Now()
				one, err := connectOnce(ctx, address)
				mu.Lock()
				if began.Sub(start) >= settle {
					took.Record(one)
					done++
				}
				if err != nil {
					fault = err
				}
				stop := fault != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	busy.Wait()
	return result(&took, done, d), fault
}

// connectOnce makes a connection and has a byte back on it. It ends it with a
// reset, so that no port is kept waiting.
func connectOnce(ctx context.Context, address string) (took time.Duration, err error) {
	began := time.Now()
	conn, err := begin(ctx, Connect, address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	var one [1]byte
	if _, err := io.ReadFull(conn, one[:]); err != nil {
		return 0, err
	}
	return time.Since(began), conn.SetLinger(0)
}

func result(took *stats.Histogram, done int, d time.Duration) Result {
	return Result{PerSecond: float64(done) / d.Seconds(), Lasted: settle + d, Median: took.Quantile(0.5), High: took.Quantile(0.99)}
}
